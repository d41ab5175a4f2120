// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.repository;

import dev.sluice.model.Device;
import dev.sluice.model.InstanceSpec;
import dev.sluice.model.SequenceSpec;
import dev.sluice.server.yaml.SafeYaml;
import java.math.BigInteger;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.IntFunction;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The settings of one model that the server reads, from a mapping somebody wrote by hand. A value of the wrong type or out
 * of range is told in the log and counts as not there.
 *
 * <p>Source: torchserve.md section 6.3. Unlike there, {@code maxBatchDelay: 0} means no waiting.
 */
final class ModelOptions {
    private static final Logger LOG = LoggerFactory.getLogger(ModelOptions.class);

    /** The original refuses every request of a sequence unless a time is set. */
    private static final Duration SEQUENCE_IDLE = Duration.ofMinutes(1);

    private final String origin;
    private final Map<String, Object> values;

    /** @param origin whose settings they are, for the log */
    ModelOptions(String origin, Map<String, Object> values) {
        this.origin = origin;
        this.values = values;
    }

    Map<String, Object> all() {
        return values;
    }

    OptionalInt batchSize() {
        return number("batchSize", 1);
    }

    Optional<Duration> maxBatchDelay() {
        return duration("maxBatchDelay", 0, Duration::ofMillis);
    }

    Optional<Duration> responseTimeout() {
        return duration("responseTimeout", 1, Duration::ofSeconds);
    }

    Optional<Duration> startupTimeout() {
        return duration("startupTimeout", 1, Duration::ofSeconds);
    }

    /** How old a request may be before nobody wants its answer; zero for as old as it gets. */
    Optional<Duration> clientTimeout() {
        return duration("clientTimeoutInMills", 0, Duration::ofMillis);
    }

    OptionalInt queueCapacity() {
        return number("jobQueueSize", 1);
    }

    /** Whether requests belong to sequences, and within which bounds; the original has a limit on idle time only if one is set. */
    Optional<SequenceSpec> sequences() {
        Object wanted = values.get("sequenceBatching");
        if (wanted != null && !(wanted instanceof Boolean)) {
            LOG.warn("{}: sequenceBatching: {} (expected: true or false); ignored", origin, shown(wanted));
        }
        if (!Boolean.TRUE.equals(wanted)) {
            return Optional.empty();
        }
        return Optional.of(new SequenceSpec(
                number("maxNumSequence", 1).orElse(1),
                number("maxSequenceJobQueueSize", 1).orElse(1),
                duration("sequenceMaxIdleMSec", 1, Duration::ofMillis).orElse(SEQUENCE_IDLE),
                duration("sequenceTimeoutMSec", 0, Duration::ofMillis).orElse(Duration.ZERO)));
    }

    /** Both bounds on instances, or neither: one alone, or a maximum below the minimum, says nothing. */
    Optional<InstanceSpec> instances() {
        OptionalInt min = number("minWorkers", Integer.MIN_VALUE);
        OptionalInt max = number("maxWorkers", Integer.MIN_VALUE);
        if (min.isEmpty()) {
            return Optional.empty();
        }
        int atLeastOne = Math.max(1, min.getAsInt());
        if (max.isEmpty() || max.getAsInt() < atLeastOne) {
            LOG.warn(
                    "{}: minWorkers {} without a maxWorkers of {} or more; both are ignored",
                    origin,
                    atLeastOne,
                    atLeastOne);
            return Optional.empty();
        }
        return Optional.of(new InstanceSpec(atLeastOne, max.getAsInt()));
    }

    /** A handler's name; a mapping under the same key holds options for the handler and names none. */
    Optional<String> handler() {
        return values.get("handler") instanceof Map ? Optional.empty() : text("handler");
    }

    /** Where instances run, every card being an empty list; {@code deviceIds} says nothing of a model for processors. */
    Optional<List<Device>> devices() {
        Optional<String> type = text("deviceType").map(name -> name.toLowerCase(Locale.ROOT));
        if (type.isPresent() && type.get().equals("cpu")) {
            return Optional.of(List.of(Device.CPU));
        }
        if (type.isPresent() && !type.get().equals("gpu")) {
            LOG.warn("{}: deviceType: {} (expected: cpu or gpu); ignored", origin, type.get());
            type = Optional.empty();
        }
        Optional<List<Device>> cards = deviceIds();
        return cards.isPresent() ? cards : type.map(gpu -> List.of());
    }

    /** One bad element discards the list, as in the original. */
    private Optional<List<Device>> deviceIds() {
        Object value = values.get("deviceIds");
        if (value == null) {
            return Optional.empty();
        }
        if (!(value instanceof List<?> list) || list.isEmpty() || !list.stream().allMatch(ModelOptions::isCard)) {
            LOG.warn("{}: deviceIds: {} (expected: a list of numbers of cards, from 0); ignored", origin, value);
            return Optional.empty();
        }
        return Optional.of(list.stream()
                .map(number -> Device.cuda((Integer) number))
                .distinct()
                .toList());
    }

    private static boolean isCard(Object number) {
        return number instanceof Integer index && index >= 0 && index <= SluiceOptions.LAST_CARD;
    }

    /** Whether it is never to run on a card. */
    boolean isForProcessors() {
        return "cpu".equalsIgnoreCase(String.valueOf(values.get("deviceType")));
    }

    /** Whether requests are refused unless a worker is free. */
    Optional<Boolean> useJobTicket() {
        Object wanted = values.get("useJobTicket");
        if (wanted != null && !(wanted instanceof Boolean)) {
            LOG.warn("{}: useJobTicket: {} (expected: true or false); ignored", origin, shown(wanted));
        }
        return wanted instanceof Boolean flag ? Optional.of(flag) : Optional.empty();
    }

    Optional<HandlerChoice.Execution> execution() {
        return HandlerChoice.execution(origin, values);
    }

    Optional<String> engine() {
        return text("engine");
    }

    private Optional<Duration> duration(String key, int least, IntFunction<Duration> unit) {
        OptionalInt number = number(key, least);
        return number.isPresent() ? Optional.of(unit.apply(number.getAsInt())) : Optional.empty();
    }

    private OptionalInt number(String key, int least) {
        Object value = values.get(key);
        if (value == null) {
            return OptionalInt.empty();
        }
        boolean whole = value instanceof Integer || value instanceof Long || value instanceof BigInteger;
        if (!whole || !fits((Number) value)) {
            LOG.warn("{}: {}: {} (expected: a whole number); ignored", origin, key, shown(value));
            return OptionalInt.empty();
        }
        int number = ((Number) value).intValue();
        if (number < least) {
            LOG.warn("{}: {}: {} (expected: {} or more); ignored", origin, key, number, least);
            return OptionalInt.empty();
        }
        return OptionalInt.of(number);
    }

    private static boolean fits(Number number) {
        return new BigInteger(number.toString()).bitLength() < Integer.SIZE;
    }

    private Optional<String> text(String key) {
        Object value = values.get(key);
        if (value == null) {
            return Optional.empty();
        }
        if (!(value instanceof String text) || text.isBlank()) {
            LOG.warn("{}: {}: {} (expected: a name); ignored", origin, key, shown(value));
            return Optional.empty();
        }
        return Optional.of(text);
    }

    private static String shown(Object value) {
        return value instanceof Map || value instanceof Iterable
                ? "a " + SafeYaml.kindOf(value)
                : String.valueOf(value);
    }
}
