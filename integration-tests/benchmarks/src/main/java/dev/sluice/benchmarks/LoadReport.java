// SPDX-License-Identifier: Apache-2.0
package dev.sluice.benchmarks;

import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;

/**
 * What became of the requests of one run.
 *
 * @param sent requests sent
 * @param seconds from the start to the last ending
 * @param latencies nanoseconds from the intended time to the ending, one histogram for each ending
 * @param lateness nanoseconds from the intended time to the sending: how far the generator itself was behind
 * @param doubled endings after the first of a request; anything but 0 is a fault of the target
 */
public record LoadReport(
        long sent, double seconds, Map<Ending, Histogram> latencies, Histogram lateness, long doubled) {
    /** Names the columns of {@link #row}. */
    public static final String HEADER = """
            | sent | answered/s | p50 ms | p90 ms | p99 ms | max ms | refused | expired | failed | lost | sent late p99 ms |
            |---|---|---|---|---|---|---|---|---|---|---|""";

    public LoadReport {
        latencies = Map.copyOf(latencies);
    }

    /** How long those took that ended like that, in nanoseconds. */
    public Histogram latency(Ending ending) {
        return Objects.requireNonNull(latencies.get(ending), ending.name());
    }

    /** How many ended like that. */
    public long count(Ending ending) {
        return latency(ending).getTotalCount();
    }

    /** Requests that never ended. */
    public long lost() {
        long ended = 0;
        for (Histogram histogram : latencies.values()) {
            ended += histogram.getTotalCount();
        }
        return sent - ended;
    }

    /** Answers a second. */
    public double goodput() {
        return count(Ending.ANSWERED) / seconds;
    }

    /** One line of a markdown table. */
    public String row() {
        Histogram answered = latency(Ending.ANSWERED);
        return String.format(
                Locale.ROOT,
                "| %d | %.0f | %.3f | %.3f | %.3f | %.3f | %d | %d | %d | %d | %.3f |",
                sent,
                goodput(),
                millis(answered.getValueAtPercentile(50)),
                millis(answered.getValueAtPercentile(90)),
                millis(answered.getValueAtPercentile(99)),
                millis(answered.getMaxValue()),
                count(Ending.REFUSED),
                count(Ending.EXPIRED),
                count(Ending.FAILED),
                lost(),
                millis(lateness.getValueAtPercentile(99)));
    }

    private static double millis(long nanos) {
        return (double) nanos / TimeUnit.MILLISECONDS.toNanos(1);
    }
}
