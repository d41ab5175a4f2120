// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.python;

import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Reads values out of a parsed mapping. One that is of the wrong kind is passed over with a warning, or refused. */
final class OptionReader {
    private static final Logger LOG = LoggerFactory.getLogger(OptionReader.class);
    private static final Pattern SIZE = Pattern.compile("(\\d{1,15})\\s*([kmgt]?)i?b?", Pattern.CASE_INSENSITIVE);
    private static final int BITS_PER_UNIT = 10;

    private final String path;
    private final Map<?, ?> values;
    private final boolean refuses;

    private OptionReader(String path, Map<?, ?> values, boolean refuses) {
        this.path = path;
        this.values = values;
        this.refuses = refuses;
    }

    /** @param origin whose options they are, for messages */
    OptionReader(String origin, Map<?, ?> values) {
        this(origin + ": ", values, false);
    }

    /** The same, refusing what is of the wrong kind. */
    OptionReader strict() {
        return new OptionReader(path, values, true);
    }

    /** The mapping under {@code key}, empty if there is none. */
    OptionReader below(String key) {
        Object value = values.get(key);
        Map<?, ?> map = Map.of();
        if (value instanceof Map<?, ?> there) {
            map = there;
        } else if (value != null) {
            wrong(key, value, "a mapping");
        }
        return new OptionReader(path + key + ".", map, refuses);
    }

    boolean isEmpty() {
        return values.isEmpty();
    }

    boolean flag(String key) {
        Object value = values.get(key);
        if (value != null && !(value instanceof Boolean)) {
            wrong(key, value, "true or false");
        }
        return Boolean.TRUE.equals(value);
    }

    OptionalInt number(String key, int least) {
        Object value = values.get(key);
        if (value == null) {
            return OptionalInt.empty();
        }
        boolean whole = value instanceof Integer || value instanceof Long;
        long number = whole ? ((Number) value).longValue() : -1;
        if (number < least || number > Integer.MAX_VALUE) {
            wrong(key, value, "a whole number, " + least + " or more");
            return OptionalInt.empty();
        }
        return OptionalInt.of((int) number);
    }

    Optional<String> text(String key) {
        Object value = values.get(key);
        if (value == null) {
            return Optional.empty();
        }
        if (!(value instanceof String text) || text.isBlank()) {
            wrong(key, value, "a text");
            return Optional.empty();
        }
        return Optional.of(text);
    }

    <E extends Enum<E>> Optional<E> choice(String key, Class<E> kinds) {
        Optional<String> text = text(key);
        Optional<E> chosen = text.flatMap(name -> Arrays.stream(kinds.getEnumConstants())
                .filter(kind -> kind.name().equalsIgnoreCase(name.strip()))
                .findFirst());
        if (text.isPresent() && chosen.isEmpty()) {
            wrong(key, text.get(), "one of " + Arrays.toString(kinds.getEnumConstants()).toLowerCase(Locale.ROOT));
        }
        return chosen;
    }

    /** A number of bytes, such as {@code 64m}; 0 is one. */
    OptionalLong size(String key) {
        Object value = values.get(key);
        if (value == null) {
            return OptionalLong.empty();
        }
        Matcher size = SIZE.matcher(String.valueOf(value).strip());
        if (!size.matches()) {
            wrong(key, value, "a size such as 64m");
            return OptionalLong.empty();
        }
        String unit = size.group(2).toLowerCase(Locale.ROOT);
        int shift = unit.isEmpty() ? 0 : BITS_PER_UNIT * " kmgt".indexOf(unit);
        long count = Long.parseLong(size.group(1));
        if (count > Long.MAX_VALUE >> shift) {
            wrong(key, value, "less than 8 EiB");
            return OptionalLong.empty();
        }
        return OptionalLong.of(count << shift);
    }

    private void wrong(String key, @Nullable Object value, String expected) {
        String what = path + key + ": " + (value instanceof Map || value instanceof Iterable ? "a collection" : value)
                + " (expected: " + expected + ")";
        if (refuses) {
            throw new ServingException(ErrorCode.INVALID_MODEL, what);
        }
        LOG.warn("{}; ignored", what);
    }
}
