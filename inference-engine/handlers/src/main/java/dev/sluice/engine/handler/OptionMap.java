// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler;

import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * One block of a model's configuration file, read by key. Every refusal is an {@code INVALID_MODEL} that names the key, its
 * value and what was expected.
 */
final class OptionMap {
    private final String path;
    private final Map<?, ?> values;

    private OptionMap(String path, Map<?, ?> values) {
        this.path = path;
        this.values = values;
    }

    /**
     * The block {@code block} below {@code handler}; without entries if the file has none. Other blocks there are another
     * handler's business.
     */
    static OptionMap ofHandler(Map<String, Object> file, String block) {
        // A text there names the handler, as another key of the file does.
        if (file.get("handler") instanceof String) {
            return new OptionMap("handler." + block, Map.of());
        }
        OptionMap handler = new OptionMap("", file).block("handler");
        return handler.block(block);
    }

    /** A list of mappings; none if the key is not there. */
    List<OptionMap> blocks(String key) {
        if (!has(key)) {
            return List.of();
        }
        if (!(values.get(key) instanceof List<?> list)) {
            throw refused(key, "a list of mappings");
        }
        List<OptionMap> blocks = new ArrayList<>();
        for (Object element : list) {
            if (!(element instanceof Map<?, ?> block)) {
                throw refused(key, "a list of mappings");
            }
            blocks.add(new OptionMap(name(key) + "[" + blocks.size() + "]", block));
        }
        return blocks;
    }

    /** A list of whole numbers; empty if the key is not there. */
    Optional<long[]> wholeNumbers(String key) {
        if (!has(key)) {
            return Optional.empty();
        }
        String expected = "a list of whole numbers";
        if (!(values.get(key) instanceof List<?> list)) {
            throw refused(key, expected);
        }
        long[] numbers = new long[list.size()];
        for (int i = 0; i < numbers.length; i++) {
            if (!(list.get(i) instanceof Integer || list.get(i) instanceof Long)) {
                throw refused(key, expected);
            }
            numbers[i] = ((Number) list.get(i)).longValue();
        }
        return Optional.of(numbers);
    }

    private OptionMap block(String key) {
        String name = name(key);
        if (!has(key)) {
            return new OptionMap(name, Map.of());
        }
        if (values.get(key) instanceof Map<?, ?> block) {
            return new OptionMap(name, block);
        }
        throw refused(key, "a mapping");
    }

    /** Whether the key is there, be it with a value or without. */
    boolean has(String key) {
        return values.containsKey(key);
    }

    /** Refuses keys nobody reads: a slip of the pen would otherwise be a setting that silently does nothing. */
    void allowOnly(Set<String> known) {
        for (Object key : values.keySet()) {
            if (!(key instanceof String name) || !known.contains(name)) {
                throw invalid(name(String.valueOf(key)) + ": unknown key (expected one of: "
                        + String.join(", ", known.stream().sorted().toList()) + ")");
            }
        }
    }

    /** A whole number in the given range, {@code fallback} if the key is not there. */
    int integer(String key, int min, int max, int fallback) {
        if (!has(key)) {
            return fallback;
        }
        // Compared as long, so that no larger number wraps into the range.
        if ((values.get(key) instanceof Integer || values.get(key) instanceof Long)
                && values.get(key) instanceof Number number
                && number.longValue() >= min
                && number.longValue() <= max) {
            return number.intValue();
        }
        throw refused(key, min + ".." + max);
    }

    /** One of the given words; empty if the key is not there. */
    Optional<String> word(String key, List<String> words) {
        if (!has(key)) {
            return Optional.empty();
        }
        if (values.get(key) instanceof String word && words.contains(word)) {
            return Optional.of(word);
        }
        throw refused(key, String.join(" or ", words));
    }

    /** A text, {@code fallback} if the key is not there. */
    String text(String key, String fallback) {
        if (!has(key)) {
            return fallback;
        }
        if (values.get(key) instanceof String text) {
            return text;
        }
        throw refused(key, "text");
    }

    /** Texts by their names, in the order they were written; {@code fallback} if the key is not there. */
    Map<String, String> texts(String key, Map<String, String> fallback) {
        if (!has(key)) {
            return fallback;
        }
        if (!(values.get(key) instanceof Map<?, ?> named) || named.isEmpty()) {
            throw refused(key, "a mapping of names to names");
        }
        Map<String, String> texts = new LinkedHashMap<>();
        named.forEach((name, value) -> {
            if (!(name instanceof String of) || !(value instanceof String text)) {
                throw refused(key, "a mapping of names to names");
            }
            texts.put(of, text);
        });
        return texts;
    }

    /** A list of {@code count} finite numbers; empty if the key is not there. */
    Optional<float[]> numbers(String key, int count) {
        if (!has(key)) {
            return Optional.empty();
        }
        String expected = "a list of " + count + (count == 1 ? " number" : " numbers");
        if (!(values.get(key) instanceof List<?> list) || list.size() != count) {
            throw refused(key, expected);
        }
        float[] numbers = new float[count];
        for (int i = 0; i < count; i++) {
            if (!(list.get(i) instanceof Number number) || !Float.isFinite(number.floatValue())) {
                throw refused(key, expected);
            }
            numbers[i] = number.floatValue();
        }
        return Optional.of(numbers);
    }

    /** The refusal of {@code key}'s present value. */
    ServingException refused(String key, String expected) {
        @Nullable Object value = values.get(key);
        return invalid(name(key) + ": " + (has(key) ? value : "missing") + " (expected: " + expected + ")");
    }

    private String name(String key) {
        return path.isEmpty() ? key : path + "." + key;
    }

    private static ServingException invalid(String message) {
        return new ServingException(ErrorCode.INVALID_MODEL, message);
    }
}
