// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.yaml;

import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import org.snakeyaml.engine.v2.schema.CoreSchema;

/**
 * A reader of one YAML document that is a mapping. Nothing in the text can choose a class; size, nesting, aliases and the
 * number of values are bounded, so that a short text cannot stand for a large one.
 *
 * <p><b>Errors:</b> {@code INVALID_INPUT}, saying where and what was expected; the file's path is not in it.
 */
public final class SafeYaml {
    private static final int MAX_BYTES = 256 * 1024;
    private static final int MAX_DEPTH = 32;
    private static final int MAX_VALUES = 10_000;
    private static final int MAX_ALIASES = 10;

    /** Written by the one call that owns this object. */
    private int values;

    private SafeYaml() {}

    /** The mapping in {@code file}, in its order and immutable; empty for an empty file. Values that are null are left out. */
    public static Map<String, Object> read(Path file) {
        try {
            if (Files.size(file) > MAX_BYTES) {
                throw invalid("is longer than " + MAX_BYTES + " bytes", null);
            }
            return parse(Files.readString(file, StandardCharsets.UTF_8));
        } catch (CharacterCodingException e) {
            throw invalid("is not UTF-8", e);
        } catch (IOException e) {
            throw invalid("cannot be read", e);
        }
    }

    /** The mapping in {@code text}. */
    public static Map<String, Object> parse(String text) {
        LoadSettings settings = LoadSettings.builder()
                .setSchema(new CoreSchema())
                .setAllowDuplicateKeys(false)
                .setAllowRecursiveKeys(false)
                .setMaxAliasesForCollections(MAX_ALIASES)
                .setCodePointLimit(MAX_BYTES)
                .build();
        Object document;
        try {
            document = new Load(settings).loadFromString(text);
        } catch (YamlEngineException | StackOverflowError e) {
            throw invalid("is not YAML within bounds: " + firstLine(e), e);
        }
        if (document == null) {
            return Map.of();
        }
        if (!(document instanceof Map<?, ?> mapping)) {
            throw invalid("is a " + kindOf(document) + " (expected: a mapping of keys to values)", null);
        }
        return new SafeYaml().mapping(mapping, 1);
    }

    private Map<String, Object> mapping(Map<?, ?> raw, int depth) {
        Map<String, Object> plain = new LinkedHashMap<>();
        raw.forEach((key, value) -> {
            if (value != null) {
                plain.put(String.valueOf(key), value(value, depth));
            }
        });
        return Collections.unmodifiableMap(plain);
    }

    private Object value(Object raw, int depth) {
        values++;
        if (values > MAX_VALUES) {
            throw invalid("has more than " + MAX_VALUES + " values, aliases followed", null);
        }
        if (depth > MAX_DEPTH) {
            throw invalid("is nested deeper than " + MAX_DEPTH + " levels", null);
        }
        if (raw instanceof Map<?, ?> nested) {
            return mapping(nested, depth + 1);
        }
        if (raw instanceof Iterable<?> items) {
            List<Object> list = new ArrayList<>();
            for (Object item : items) {
                if (item != null) {
                    list.add(value(item, depth + 1));
                }
            }
            return Collections.unmodifiableList(list);
        }
        return raw instanceof Number || raw instanceof Boolean ? raw : String.valueOf(raw);
    }

    /** What {@code value} is, in the words of someone who writes YAML. */
    public static String kindOf(Object value) {
        if (value instanceof Map) {
            return "mapping";
        }
        if (value instanceof Iterable) {
            return "list";
        }
        if (value instanceof Boolean) {
            return "boolean";
        }
        return value instanceof Number ? "number" : "string";
    }

    private static String firstLine(Throwable failure) {
        String message = String.valueOf(failure.getMessage());
        int end = message.indexOf('\n');
        return end < 0 ? message : message.substring(0, end);
    }

    private static ServingException invalid(String why, @Nullable Throwable cause) {
        return cause == null
                ? new ServingException(ErrorCode.INVALID_INPUT, why)
                : new ServingException(ErrorCode.INVALID_INPUT, why, cause);
    }
}
