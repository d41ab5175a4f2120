// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.python.setup;

import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.model.ModelSpec;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What a model's own configuration says of the surroundings of its workers: whether in a virtual environment, and below {@code sluice.worker} the keys
 * {@code environment}, {@code memory} and {@code cpus}.
 *
 * @param environment variables by name
 * @param memoryBytes most memory of one worker, 1 or more
 * @param cpus most processors of one worker, more than 0
 */
record WorkerWishes(
        boolean usesVenv, Map<String, String> environment, OptionalLong memoryBytes, Optional<Double> cpus) {
    private static final Pattern VARIABLE = Pattern.compile("[A-Za-z_][A-Za-z0-9_]*");

    /** The system's loader looks at these before the program's first line. */
    private static final Pattern LOADER = Pattern.compile("LD_.*|GLIBC_TUNABLES|GCONV_PATH");

    private static final Pattern SIZE = Pattern.compile("(\\d{1,15})\\s*([kmgt]?)i?b?", Pattern.CASE_INSENSITIVE);

    /** @throws ServingException {@code INVALID_MODEL} naming what cannot be used */
    static WorkerWishes of(ModelSpec spec) {
        Map<?, ?> worker =
                map("sluice.worker", map("sluice", spec.options().get("sluice")).get("worker"));
        return new WorkerWishes(
                Boolean.TRUE.equals(spec.options().get("useVenv")),
                variables(map("sluice.worker.environment", worker.get("environment"))),
                size(worker.get("memory")),
                cpus(worker.get("cpus")));
    }

    private static Map<?, ?> map(String key, @Nullable Object value) {
        if (value == null) {
            return Map.of();
        }
        if (value instanceof Map<?, ?> map) {
            return map;
        }
        throw refusal(key, value, "a mapping");
    }

    private static Map<String, String> variables(Map<?, ?> given) {
        Map<String, String> variables = new LinkedHashMap<>();
        given.forEach((name, value) -> {
            String text = String.valueOf(value);
            if (!VARIABLE.matcher(String.valueOf(name)).matches()) {
                throw refusal("sluice.worker.environment", String.valueOf(name), "names of letters, digits and _");
            }
            if (LOADER.matcher(String.valueOf(name)).matches()) {
                throw refusal(
                        "sluice.worker.environment",
                        String.valueOf(name),
                        "no name by which code is loaded before the worker is prepared; the server's own are handed on");
            }
            if (value instanceof Map || value instanceof Iterable || text.indexOf('\0') >= 0) {
                throw refusal("sluice.worker.environment." + name, text, "a text or a number");
            }
            variables.put(String.valueOf(name), text);
        });
        return variables;
    }

    private static OptionalLong size(@Nullable Object value) {
        if (value == null) {
            return OptionalLong.empty();
        }
        Matcher size = SIZE.matcher(String.valueOf(value).strip());
        if (!size.matches()) {
            throw refusal("sluice.worker.memory", value, "a size such as 512m or 2g");
        }
        String unit = size.group(2).toLowerCase(Locale.ROOT);
        long factor = unit.isEmpty() ? 1 : 1L << (10 * " kmgt".indexOf(unit));
        try {
            long bytes = Math.multiplyExact(Long.parseLong(size.group(1)), factor);
            if (bytes > 0) {
                return OptionalLong.of(bytes);
            }
        } catch (ArithmeticException e) {
            throw refusal("sluice.worker.memory", value, "less than 8 EiB");
        }
        throw refusal("sluice.worker.memory", value, "1 byte or more");
    }

    private static Optional<Double> cpus(@Nullable Object value) {
        if (value == null) {
            return Optional.empty();
        }
        if (value instanceof Number number && number.doubleValue() > 0 && Double.isFinite(number.doubleValue())) {
            return Optional.of(number.doubleValue());
        }
        throw refusal("sluice.worker.cpus", value, "a number above 0");
    }

    private static ServingException refusal(String key, Object value, String expected) {
        return new ServingException(ErrorCode.INVALID_MODEL, key + ": " + value + " (expected: " + expected + ")");
    }
}
