// SPDX-License-Identifier: Apache-2.0
package dev.sluice.benchmarks.subject;

import dev.sluice.benchmarks.Pause;
import dev.sluice.engine.Batch;
import dev.sluice.inference.Ticker;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.time.Duration;

/**
 * What a {@link StubModel} does with a batch before it answers.
 *
 * <p><b>Threads:</b> called by all instances of a model at a time.
 */
@FunctionalInterface
public interface Work {
    void run(Batch batch);

    /** Nothing: what is left is the scheduler's own cost. */
    static Work none() {
        return batch -> {};
    }

    /** Takes {@code duration} and no processor, like a device that computes by itself. */
    static Work parking(Duration duration) {
        Ticker ticker = Ticker.system();
        Pause pause = Pause.parking(ticker);
        return batch -> pause.until(ticker.nanos() + duration.toNanos());
    }

    /**
     * Takes {@code duration} of processor time. On the wall clock it would seem to compute while it waits for a core, and do more
     * the busier the machine is.
     */
    static Work spinning(Duration duration) {
        ThreadMXBean threads = ManagementFactory.getThreadMXBean();
        return batch -> {
            long endNanos = threads.getCurrentThreadCpuTime() + duration.toNanos();
            while (endNanos - threads.getCurrentThreadCpuTime() > 0) {
                Thread.onSpinWait();
            }
        };
    }
}
