// SPDX-License-Identifier: Apache-2.0
package dev.sluice.benchmarks.subject;

import dev.sluice.benchmarks.Pause;
import dev.sluice.engine.Batch;
import dev.sluice.inference.Ticker;
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
        return taking(duration, Pause.parking(Ticker.system()));
    }

    /** Takes {@code duration} on the wall clock, and keeps a core busy for as long as it is given one. */
    static Work spinning(Duration duration) {
        Ticker ticker = Ticker.system();
        return taking(duration, nanos -> {
            while (nanos - ticker.nanos() > 0) {
                Thread.onSpinWait();
            }
        });
    }

    private static Work taking(Duration duration, Pause pause) {
        long nanos = duration.toNanos();
        return batch -> pause.until(Ticker.system().nanos() + nanos);
    }
}
