// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.djl.generic;

import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The block {@code sluice: djl:} of a model's settings.
 *
 * @param engine DJL's name of the engine
 * @param modelName what DJL calls a model's name, the prefix of its files, where an engine wants one
 * @param options for the engine that reads the model
 * @param arguments properties of the model, for the engine that runs it
 */
record DjlOptions(
        Optional<String> engine,
        Optional<String> modelName,
        Map<String, String> options,
        Map<String, String> arguments) {
    private static final Set<String> KEYS = Set.of("engine", "modelName", "options", "arguments");
    private static final Pattern NAME = Pattern.compile("\\w[\\w.-]*");

    /**
     * Words in keys that name files. A model's settings come out of its archive, so they must not make an engine load a library
     * ({@code customOpLibrary}) or write a file ({@code profilerOutput}).
     */
    private static final Pattern FILES = Pattern.compile("librar|path|file|output|url|dir", Pattern.CASE_INSENSITIVE);

    private static final Pattern PLAIN = Pattern.compile("[\\w .,:;+=-]*");

    DjlOptions {
        options = Map.copyOf(options);
        arguments = Map.copyOf(arguments);
    }

    /**
     * The block in {@code settings}, of which there may be none.
     *
     * @throws ServingException {@code INVALID_MODEL} with the key, its value and what was expected
     */
    static DjlOptions of(Map<String, Object> settings) {
        Map<String, Object> sluice = mapping("sluice", settings.get("sluice"));
        Map<String, Object> block = mapping("sluice.djl", sluice.get("djl"));
        for (String key : block.keySet()) {
            if (!KEYS.contains(key)) {
                throw invalid("sluice.djl." + key + ": unknown key", "one of " + new TreeSet<>(KEYS));
            }
        }
        return new DjlOptions(
                name("engine", block.get("engine")),
                name("modelName", block.get("modelName")),
                values("options", block.get("options")),
                values("arguments", block.get("arguments")));
    }

    private static Optional<String> name(String key, @Nullable Object value) {
        if (value == null) {
            return Optional.empty();
        }
        String name = String.valueOf(value);
        if (!NAME.matcher(name).matches()) {
            throw invalid("sluice.djl." + key + ": " + name, "letters, digits, '_', '.' and '-'");
        }
        return Optional.of(name);
    }

    private static Map<String, String> values(String key, @Nullable Object value) {
        Map<String, String> values = new TreeMap<>();
        mapping("sluice.djl." + key, value).forEach((name, one) -> {
            String text = String.valueOf(one);
            String path = "sluice.djl." + key + "." + name;
            if (FILES.matcher(name).find()) {
                throw invalid(
                        path + ": " + text, "no option that names a file; those are for whoever fills the engine pack");
            }
            if (!PLAIN.matcher(text).matches()) {
                throw invalid(path + ": " + text.replaceAll("[^\\w .,:;+=-]", "?"), "a number, true, false or a word");
            }
            values.put(name, text);
        });
        return values;
    }

    private static Map<String, Object> mapping(String path, @Nullable Object value) {
        if (value == null) {
            return Map.of();
        }
        if (!(value instanceof Map<?, ?> mapping)) {
            throw invalid(path + ": " + value, "a mapping");
        }
        Map<String, Object> named = new TreeMap<>();
        mapping.forEach((key, one) -> named.put(String.valueOf(key), one));
        return named;
    }

    private static ServingException invalid(String what, String expected) {
        return new ServingException(ErrorCode.INVALID_MODEL, what + " (expected: " + expected + ")");
    }
}
