// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.snapshot;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.sluice.model.InstanceSpec;
import dev.sluice.model.ModelId;
import dev.sluice.serving.DesiredVersion;
import dev.sluice.serving.RegisterModel;
import java.net.URI;
import java.net.URISyntaxException;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.regex.Pattern;

/**
 * One version in a snapshot.
 *
 * <p>{@code marName} is the file or directory in the model store. Ours are {@code modelUrl}, where it differs from that, without
 * the parts of an URL that let somebody in; {@code handler}, where the caller chose one; {@code s3SseKms}, where the download was
 * signed; and times that are no whole seconds.
 *
 * <p>Source: torchserve.md section 10, rows "JSON" and "Mandatory on restore".
 *
 * <p><b>Errors:</b> {@code IllegalArgumentException} naming the version and the value.
 */
record VersionJson(String model, String version, JsonNode entry) {
    private static final Pattern HAS_SCHEME = Pattern.compile("^[a-zA-Z][a-zA-Z0-9+.-]*://.*", Pattern.DOTALL);
    private static final Duration TIMEOUT = Duration.ofMinutes(2);

    static ObjectNode print(ObjectNode entry, DesiredVersion wanted, boolean isDefault) {
        String source = wanted.asked().source();
        String location = withoutSecrets(wanted.asked().location());
        entry.put("defaultVersion", isDefault);
        entry.put("marName", baseName(source));
        entry.put("minWorkers", wanted.instances().min());
        entry.put("maxWorkers", wanted.instances().max());
        entry.put("batchSize", wanted.batchSize());
        entry.put("maxBatchDelay", wanted.maxBatchDelay().toMillis());
        printSeconds(entry, "responseTimeout", wanted.responseTimeout());
        printSeconds(entry, "startupTimeout", wanted.startupTimeout());
        entry.put("runtimeType", "python");
        if (!location.equals(baseName(source))) {
            entry.put("modelUrl", location);
        }
        if (wanted.asked().signedForS3()) {
            entry.put("s3SseKms", true);
        }
        wanted.asked().handler().ifPresent(handler -> entry.put("handler", handler));
        return entry;
    }

    private static void printSeconds(ObjectNode entry, String key, Duration time) {
        entry.put(key, time.plusMillis(999).toSeconds());
        if (time.toMillisPart() != 0) {
            entry.put(key + "Millis", time.toMillis());
        }
    }

    /** The last part of a path or of an URL's path, as a file in the store is called. */
    static String baseName(String location) {
        String path = HAS_SCHEME.matcher(location).matches() ? pathOf(location) : location;
        String trimmed = path.endsWith("/") ? path.substring(0, path.length() - 1) : path;
        return trimmed.substring(Math.max(trimmed.lastIndexOf('/'), trimmed.lastIndexOf('\\')) + 1);
    }

    private static String pathOf(String url) {
        try {
            return Optional.ofNullable(new URI(url).getPath()).orElse("");
        } catch (URISyntaxException e) {
            return url.replaceFirst("[?#].*$", "");
        }
    }

    /** An URL without user and query, which may hold passwords and signatures. */
    static String withoutSecrets(String location) {
        if (!HAS_SCHEME.matcher(location).matches()) {
            return location;
        }
        try {
            URI url = new URI(location);
            String authority = Optional.ofNullable(url.getRawAuthority()).orElse("");
            String host = authority.substring(authority.lastIndexOf('@') + 1);
            String digest = Optional.ofNullable(url.getRawFragment())
                    .map(fragment -> "#" + fragment)
                    .orElse("");
            return url.getScheme() + "://" + host + url.getRawPath() + digest;
        } catch (URISyntaxException e) {
            return baseName(location);
        }
    }

    boolean isDefault() {
        JsonNode value = entry.path("defaultVersion");
        if (!value.isBoolean()) {
            throw refused("defaultVersion", value, "true or false");
        }
        return value.booleanValue();
    }

    DesiredVersion version(long registration) {
        if (model.isEmpty() || version.isEmpty()) {
            throw new IllegalArgumentException(
                    "model: '" + model + "' version: '" + version + "' (expected: both not empty)");
        }
        InstanceSpec instances =
                new InstanceSpec(number("minWorkers", 0), Math.max(number("maxWorkers", 0), number("minWorkers", 0)));
        int batchSize = number("batchSize", 1);
        // The original writes -10000 for models that were registered with a JSON body that names none, and waits for
        // nobody then.
        Duration maxBatchDelay = Duration.ofMillis(Math.max(number("maxBatchDelay", Integer.MIN_VALUE), 0));
        Duration responseTimeout = seconds("responseTimeout");
        Duration startupTimeout = seconds("startupTimeout");
        RegisterModel asked = new RegisterModel(
                location(),
                Optional.of(model),
                text("handler"),
                OptionalInt.of(batchSize),
                Optional.of(maxBatchDelay),
                OptionalInt.of(instances.min()),
                Optional.of(responseTimeout),
                Optional.of(startupTimeout),
                true,
                true,
                entry.path("s3SseKms").asBoolean(),
                Optional.of(new RegisterModel.Restored(source(), version, instances)));
        return new DesiredVersion(
                new ModelId(model, version),
                asked,
                batchSize,
                maxBatchDelay,
                responseTimeout,
                startupTimeout,
                instances,
                registration);
    }

    private String location() {
        return text("modelUrl").orElseGet(this::marName);
    }

    /** What came from elsewhere lies in the store by now; a directory deep in the store is found by its path alone. */
    private String source() {
        return HAS_SCHEME.matcher(location()).matches() ? marName() : location();
    }

    private String marName() {
        return text("marName")
                .orElseThrow(() -> refused("marName", entry.path("marName"), "a file in the model store"));
    }

    private Optional<String> text(String key) {
        return Optional.of(entry.path(key)).filter(JsonNode::isTextual).map(JsonNode::asText);
    }

    private int number(String key, int least) {
        JsonNode value = entry.path(key);
        if (!value.isIntegralNumber() || !value.canConvertToInt() || value.intValue() < least) {
            throw refused(key, value, "a whole number, " + least + " or more");
        }
        return value.intValue();
    }

    private Duration seconds(String key) {
        JsonNode millis = entry.path(key + "Millis");
        if (millis.isIntegralNumber() && millis.canConvertToLong() && millis.longValue() > 0) {
            return Duration.ofMillis(millis.longValue());
        }
        return entry.path(key).isMissingNode() ? TIMEOUT : Duration.ofSeconds(number(key, 1));
    }

    private IllegalArgumentException refused(String key, JsonNode value, String expected) {
        return new IllegalArgumentException("model " + model + " version " + version + ": " + key + ": " + shown(value)
                + " (expected: " + expected + ")");
    }

    /** A value for a message. */
    static String shown(JsonNode value) {
        if (value.isMissingNode()) {
            return "nothing";
        }
        return value.isContainerNode() ? "a structure" : value.toString();
    }
}
