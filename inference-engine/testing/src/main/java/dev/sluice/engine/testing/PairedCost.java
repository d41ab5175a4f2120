// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.testing;

import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.Locale;

/**
 * What one call costs done in two ways, measured side by side: rounds of the two alternate in one thread, so that whatever else the
 * machine does hits both. Times are the thread's own processor time, unless a call works on other threads too.
 *
 * <p>For programs run by hand; no test may depend on a time.
 */
public final class PairedCost {
    private static final com.sun.management.ThreadMXBean THREADS =
            (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
    private static final long ROUND_NANOS = 20_000_000;
    private static final int WARM_UP_ROUNDS = 50;
    private static final int ROUNDS = 101;

    /**
     * The cost of one call each.
     *
     * @param bareNanos median over the rounds
     * @param ourNanos median over the rounds
     * @param ratio median over the rounds of one's time to the other's in the same round
     * @param bareBytes allocated on the Java heap
     * @param ourBytes allocated on the Java heap
     */
    public record Cost(double bareNanos, double ourNanos, double ratio, long bareBytes, long ourBytes) {
        /** A row of a Markdown table. */
        public String row(String name) {
            return String.format(
                    Locale.ROOT,
                    "| %s | %.3f us, %d B | %.3f us, %d B | %.3f | %+.3f us |",
                    name,
                    bareNanos / 1e3,
                    bareBytes,
                    ourNanos / 1e3,
                    ourBytes,
                    ratio,
                    (ourNanos - bareNanos) / 1e3);
        }
    }

    private PairedCost() {}

    /** Head of the table whose rows {@link Cost#row} makes. */
    public static String head() {
        return "| Engine | its own best path | through our SPI | ratio | difference |\n|---|---|---|---|---|";
    }

    /** Measures the engine's own way against ours, for about five seconds, or longer where one call takes longer than a round. */
    public static Cost of(Runnable bare, Runnable ours) {
        int calls = callsPerRound(bare);
        for (int i = 0; i < warmUps(calls); i++) {
            time(bare, calls);
            time(ours, calls);
        }
        int rounds = calls == 1 ? 21 : ROUNDS;
        double[] bareTimes = new double[rounds];
        double[] ourTimes = new double[rounds];
        double[] ratios = new double[rounds];
        for (int i = 0; i < rounds; i++) {
            boolean bareFirst = i % 2 == 0;
            double first = time(bareFirst ? bare : ours, calls);
            double second = time(bareFirst ? ours : bare, calls);
            bareTimes[i] = bareFirst ? first : second;
            ourTimes[i] = bareFirst ? second : first;
            ratios[i] = ourTimes[i] / bareTimes[i];
        }
        return new Cost(median(bareTimes), median(ourTimes), median(ratios), bytes(bare, calls), bytes(ours, calls));
    }

    private static int warmUps(int calls) {
        return calls == 1 ? 5 : WARM_UP_ROUNDS;
    }

    private static int callsPerRound(Runnable action) {
        int calls = 1;
        while (calls < 1 << 20) {
            if (time(action, calls) * calls > ROUND_NANOS) {
                return calls;
            }
            calls *= 2;
        }
        return calls;
    }

    private static double time(Runnable action, int calls) {
        long before = THREADS.getCurrentThreadCpuTime();
        for (int i = 0; i < calls; i++) {
            action.run();
        }
        return (THREADS.getCurrentThreadCpuTime() - before) / (double) calls;
    }

    private static long bytes(Runnable action, int calls) {
        long self = Thread.currentThread().getId();
        long before = THREADS.getThreadAllocatedBytes(self);
        for (int i = 0; i < calls; i++) {
            action.run();
        }
        return (THREADS.getThreadAllocatedBytes(self) - before) / calls;
    }

    private static double median(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        return sorted[sorted.length / 2];
    }
}
