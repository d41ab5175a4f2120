// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.repository;

import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.model.AllowedSizes;
import dev.sluice.model.Device;
import dev.sluice.server.yaml.NearestName;
import dev.sluice.server.yaml.SafeYaml;
import java.math.BigInteger;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.function.IntSupplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The {@code sluice} block of a model's settings: what TorchServe has no key for. docs/batching.md and docs/devices.md say what each does. An unknown
 * key is told in the log, with the one that was probably meant.
 *
 * <p><b>Errors:</b> {@code INVALID_MODEL} with the key, its value and what was expected. Unlike the original's keys, which it
 * ignores when they are wrong, nobody has files that rely on wrong values of these.
 */
final class SluiceOptions {
    private static final Logger LOG = LoggerFactory.getLogger(SluiceOptions.class);

    /** The key of the block. */
    static final String BLOCK = "sluice";

    /** How requests and answers are wrapped, where the server has no envelope for all models. */
    static final String ENVELOPE = "envelope";

    private static final int MOST_THREADS = 1024;
    private static final Pattern DURATION = Pattern.compile("(\\d{1,9})(ms|s|m)");

    /** What is counted in nanoseconds ends after 292 years; nobody means to wait for the most of them. */
    private static final Duration LONGEST = Duration.ofDays(365);

    private static final Map<String, List<String>> KEYS = Map.of(
            "batch", List.of("maxRows", "maxDelay", "allowedSizes", "split"),
            "queue", List.of("maxRows", "maxBytes", "timeout", "priorityLevels", "defaultPriority", "agingMillis"),
            "slo", List.of("millis"),
            "trees", List.of("scorer"),
            "worker", List.of("side", "maxRequests", "memory", "cpus", "sharedMemory", "environment"));

    /** Keys of the block itself. */
    private static final List<String> PLAIN_KEYS = List.of("devices", "threads", ENVELOPE);

    /** The largest number a card can have. */
    static final int LAST_CARD = 9999;

    /** What engines read by themselves. */
    private static final Set<String> OF_ENGINES = Set.of("inputs", "djl", "signature", "trees");

    private final String origin;
    private final Map<?, ?> sections;

    /**
     * The block in {@code settings}, if there is one.
     *
     * @param origin whose settings they are, for messages
     */
    SluiceOptions(String origin, Map<String, Object> settings) {
        this.origin = origin;
        this.sections = mapping(BLOCK, settings.get(BLOCK));
        Set<String> known = new TreeSet<>(KEYS.keySet());
        known.addAll(PLAIN_KEYS);
        known.addAll(OF_ENGINES);
        warnOfUnknown("", sections, known);
        KEYS.forEach((section, keys) -> warnOfUnknown(section + ".", mapping(section, sections.get(section)), keys));
    }

    /** Whether there is such a block. */
    boolean isGiven() {
        return !sections.isEmpty();
    }

    /** That settings which are fine one by one do not go together. */
    ServingException contradiction(IllegalArgumentException fault) {
        return new ServingException(ErrorCode.INVALID_MODEL, origin + ": " + fault.getMessage(), fault);
    }

    Optional<Integer> maxRows() {
        return number("batch", "maxRows", 1, Integer.MAX_VALUE).map(Long::intValue);
    }

    Optional<Duration> maxDelay() {
        return duration("batch", "maxDelay", 0);
    }

    Optional<AllowedSizes> allowedSizes() {
        return value("batch", "allowedSizes", this::sizes);
    }

    Optional<Boolean> split() {
        return value("batch", "split", value -> {
            if (value instanceof Boolean flag) {
                return flag;
            }
            throw refused("batch", "split", value, "true or false");
        });
    }

    Optional<Long> queueRows() {
        return number("queue", "maxRows", 1, Integer.MAX_VALUE);
    }

    Optional<Long> queueBytes() {
        return number("queue", "maxBytes", 1, Long.MAX_VALUE);
    }

    Optional<Duration> queueTimeout() {
        return duration("queue", "timeout", 1);
    }

    Optional<Integer> priorityLevels() {
        return number("queue", "priorityLevels", 1, 100).map(Long::intValue);
    }

    Optional<Integer> defaultPriority() {
        return number("queue", "defaultPriority", 1, 100).map(Long::intValue);
    }

    Optional<Duration> ageing() {
        return number("queue", "agingMillis", 1, Integer.MAX_VALUE).map(Duration::ofMillis);
    }

    Optional<Duration> latencyTarget() {
        return number("slo", "millis", 1, Integer.MAX_VALUE).map(Duration::ofMillis);
    }

    /** Devices to run on, one or more, in the order in which instances are dealt to them. */
    Optional<List<Device>> devices() {
        return Optional.<Object>ofNullable(sections.get("devices")).map(value -> {
            List<?> names = value instanceof List<?> list ? list : List.of(value);
            List<Device> devices = names.stream()
                    .flatMap(name -> Device.named(String.valueOf(name)).stream())
                    .distinct()
                    .toList();
            if (devices.isEmpty() || devices.size() < names.size()) {
                throw refused("devices", String.valueOf(value), "cpu, cuda:0, or a list of such, each at most once");
            }
            return devices;
        });
    }

    /**
     * Threads that one call may use.
     *
     * @param auto how many that is for a model that leaves it to the server
     */
    Optional<Integer> threads(IntSupplier auto) {
        return Optional.<Object>ofNullable(sections.get("threads")).map(value -> {
            if (value.equals("auto")) {
                return auto.getAsInt();
            }
            if (value instanceof Integer count && count >= 1 && count <= MOST_THREADS) {
                return count;
            }
            throw refused("threads", value, "a whole number, 1.." + MOST_THREADS + ", or auto");
        });
    }

    private Map<?, ?> mapping(String name, @Nullable Object value) {
        if (value == null) {
            return Map.of();
        }
        if (value instanceof Map<?, ?> mapping) {
            return mapping;
        }
        String path = name.equals(BLOCK) ? BLOCK : BLOCK + "." + name;
        throw new ServingException(
                ErrorCode.INVALID_MODEL, origin + ": " + path + ": " + shown(value) + " (expected: a mapping)");
    }

    private void warnOfUnknown(String section, Map<?, ?> values, Iterable<String> known) {
        TreeSet<String> names = new TreeSet<>();
        known.forEach(names::add);
        for (Object key : values.keySet()) {
            String name = String.valueOf(key);
            if (!names.contains(name)) {
                String guess = NearestName.among(names, name)
                        .map(near -> " (did you mean " + near + "?)")
                        .orElse(" (expected one of: " + String.join(", ", names) + ")");
                LOG.warn("{}: unknown key {}.{}{}, ignored{}", origin, BLOCK, section, name, guess);
            }
        }
    }

    private <T> Optional<T> value(String section, String key, Function<Object, T> reader) {
        return Optional.<Object>ofNullable(
                        mapping(section, sections.get(section)).get(key))
                .map(reader);
    }

    private Optional<Long> number(String section, String key, long least, long most) {
        return value(section, key, value -> {
            Optional<BigInteger> number = whole(value);
            if (number.isPresent() && number.get().bitLength() < Long.SIZE) {
                long found = number.get().longValue();
                if (found >= least && found <= most) {
                    return found;
                }
            }
            String range = most >= Integer.MAX_VALUE ? least + " or more" : least + ".." + most;
            throw refused(section, key, value, "a whole number, " + range);
        });
    }

    private static Optional<BigInteger> whole(Object value) {
        return value instanceof Integer || value instanceof Long || value instanceof BigInteger
                ? Optional.of(new BigInteger(value.toString()))
                : Optional.empty();
    }

    /** With its unit, since the original's numbers are seconds here and milliseconds there. */
    private Optional<Duration> duration(String section, String key, int leastMillis) {
        return value(section, key, value -> {
            Matcher form = DURATION.matcher(String.valueOf(value).equals("0") ? "0ms" : String.valueOf(value));
            if (form.matches()) {
                long amount = Long.parseLong(form.group(1));
                long millis = switch (form.group(2)) {
                    case "ms" -> amount;
                    case "s" -> amount * 1000;
                    default -> amount * 60_000;
                };
                if (millis >= leastMillis && millis <= LONGEST.toMillis()) {
                    return Duration.ofMillis(millis);
                }
            }
            String least = leastMillis > 0 ? ", more than 0" : "";
            throw refused(
                    section,
                    key,
                    value,
                    "a time with its unit, such as 5ms, 2s or 1m" + least + ", at most " + LONGEST.toDays() + " days");
        });
    }

    private AllowedSizes sizes(Object value) {
        String expected = "a list of whole numbers from 1, each larger than the one before, such as [1, 4, 8]";
        if (!(value instanceof List<?> list) || list.isEmpty()) {
            throw refused("batch", "allowedSizes", value, expected);
        }
        try {
            return new AllowedSizes(list.stream()
                    .map(size -> whole(size).map(BigInteger::intValueExact).orElse(0))
                    .toList());
        } catch (IllegalArgumentException | ArithmeticException e) {
            throw refused(
                    "batch",
                    "allowedSizes",
                    list.stream().map(String::valueOf).toList().toString(),
                    expected);
        }
    }

    private ServingException refused(String section, String key, Object value, String expected) {
        return refused(section + "." + key, value, expected);
    }

    private ServingException refused(String path, Object value, String expected) {
        return new ServingException(
                ErrorCode.INVALID_MODEL,
                origin + ": " + BLOCK + "." + path + ": " + shown(value) + " (expected: " + expected + ")");
    }

    static String shown(Object value) {
        return value instanceof Map || value instanceof Iterable
                ? "a " + SafeYaml.kindOf(value)
                : String.valueOf(value);
    }
}
