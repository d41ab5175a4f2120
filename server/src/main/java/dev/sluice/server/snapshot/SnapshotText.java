// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.snapshot;

import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.server.config.ConfigKey;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.TreeMap;
import java.util.regex.Pattern;

/**
 * The bytes of a snapshot's file: Java properties, of which {@code model_snapshot} is JSON and the rest are settings.
 *
 * <p>Settings that hold secrets are left out; the original writes them in clear. Whoever reads the file gets them from where
 * the server that wrote it got them. So are those that may hold some in their midst, and that no start takes from a snapshot: the
 * URLs of models to start with, and the flags of the virtual machine.
 *
 * <p>Source: torchserve.md section 10, row "Format".
 */
final class SnapshotText {
    private static final String MODELS = "model_snapshot";
    private static final Pattern SECRET = Pattern.compile(
            ".*(pass|secret|credential|access_key|api_key|private_key(?!_file)).*", Pattern.CASE_INSENSITIVE);

    private SnapshotText() {}

    static byte[] print(String file, Instant created, Snapshot snapshot) {
        Properties properties = new Properties();
        snapshot.settings().forEach((key, value) -> {
            if (!mayHoldSecrets(key, value)) {
                properties.setProperty(key, value);
            }
        });
        properties.setProperty(
                MODELS,
                SnapshotJson.print(
                        file,
                        created,
                        new SnapshotJson.Content(snapshot.models(), snapshot.listed(), snapshot.inline())));
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try {
            properties.store(bytes, "Saved by Sluice; see docs/operations/state.md");
        } catch (IOException e) {
            throw new IllegalStateException("memory cannot be written to", e);
        }
        return bytes.toByteArray();
    }

    private static boolean mayHoldSecrets(String key, String value) {
        return SECRET.matcher(key).matches()
                || key.equals(ConfigKey.VMARGS.key())
                || (key.equals(ConfigKey.LOAD_MODELS.key()) && value.contains("://"));
    }

    /** @throws ServingException {@code INVALID_INPUT} if these are not the bytes of a snapshot */
    static Snapshot read(byte[] text) {
        Properties properties = new Properties();
        try {
            properties.load(new ByteArrayInputStream(text));
        } catch (IOException | IllegalArgumentException e) {
            throw new ServingException(ErrorCode.INVALID_INPUT, "it is not a properties file", e);
        }
        String models = Optional.ofNullable(properties.getProperty(MODELS))
                .orElseThrow(() -> new ServingException(ErrorCode.INVALID_INPUT, "it has no " + MODELS));
        SnapshotJson.Content content = SnapshotJson.read(models);
        Map<String, String> settings = new TreeMap<>();
        for (String key : properties.stringPropertyNames()) {
            if (!key.equals(MODELS)) {
                settings.put(key, properties.getProperty(key, ""));
            }
        }
        return new Snapshot(settings, content.models(), content.listed(), content.inline());
    }
}
