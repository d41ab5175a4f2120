// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.python.setup;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** Names what is installed by all that decides it, so that whatever is named alike is alike. */
final class EnvironmentKey {
    /** Of 64 digits, enough that no two are alike by chance. */
    private static final int DIGITS = 32;

    private final MessageDigest digest;

    EnvironmentKey() {
        try {
            digest = MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JVM has SHA-256", e);
        }
    }

    /** The name of what {@code interpreter} installs for {@code requirements}, which a virtual environment may do without. */
    static String of(
            String kind, PythonInterpreter interpreter, Optional<Requirements> requirements, EnvironmentSettings settings)
            throws IOException {
        EnvironmentKey key = new EnvironmentKey();
        key.add(interpreter.identity());
        if (requirements.isPresent()) {
            for (Map.Entry<String, Path> file : requirements.get().decisive(settings.pipOptions()).entrySet()) {
                key.add(file.getKey());
                key.add(Files.readAllBytes(file.getValue()));
            }
            settings.pipOptions().forEach(key::add);
            key.add("");
            new TreeMap<>(settings.serverVariables()).forEach((name, value) -> {
                if (name.startsWith("PIP_")) {
                    key.add(name);
                    key.add(value);
                }
            });
        }
        return kind + "-" + HexFormat.of().formatHex(key.digest.digest()).substring(0, DIGITS);
    }

    private void add(String text) {
        add(text.getBytes(StandardCharsets.UTF_8));
    }

    /** With its length, so that no two lists of parts are the same bytes. */
    private void add(byte[] part) {
        digest.update((part.length + ":").getBytes(StandardCharsets.US_ASCII));
        digest.update(part);
    }
}
