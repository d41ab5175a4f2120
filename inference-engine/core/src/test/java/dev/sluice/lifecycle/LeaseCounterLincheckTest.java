// SPDX-License-Identifier: Apache-2.0
package dev.sluice.lifecycle;

import java.util.concurrent.CompletionStage;
import org.jetbrains.lincheck.datastructures.ModelCheckingOptions;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Validate;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/**
 * Every interleaving of a few leases and one end, against a counter without threads. Planted: release() as a read and a write;
 * close() that looks at the count before it closes.
 */
public class LeaseCounterLincheckTest {
    private final LeaseCounter leases = new LeaseCounter();

    /** Written by the operations, of which Lincheck runs one step at a time; null until closed. */
    private volatile @Nullable CompletionStage<Void> drained;

    @Operation
    public boolean acquire() {
        return leases.tryAcquire();
    }

    @Operation
    public boolean release() {
        try {
            leases.release();
            return true;
        } catch (IllegalStateException surplus) {
            return false;
        }
    }

    @Operation
    public int count() {
        return leases.count();
    }

    @Operation
    public void close() {
        drained = leases.close();
    }

    @Validate
    public void isDrainedWhenClosedAndEmptyAndOnlyThen() {
        CompletionStage<Void> stage = drained;
        boolean isDrained = stage != null && stage.toCompletableFuture().isDone();
        boolean isOver = stage != null && leases.count() == 0;
        if (isDrained != isOver) {
            throw new IllegalStateException("drained: " + isDrained + ", leases: " + leases.count());
        }
    }

    @Test
    void actsAsOneStepUnderEveryInterleaving() {
        new ModelCheckingOptions()
                .iterations(20)
                .actorsBefore(2)
                .actorsAfter(0)
                .invocationsPerIteration(100)
                .threads(3)
                .actorsPerThread(2)
                .sequentialSpecification(OneThreadCounter.class)
                .check(LeaseCounterLincheckTest.class);
    }

    /** What a lease counter is. */
    public static class OneThreadCounter {
        private int count;
        private boolean closed;

        public boolean acquire() {
            if (!closed) {
                count++;
            }
            return !closed;
        }

        public boolean release() {
            boolean held = count > 0;
            count -= held ? 1 : 0;
            return held;
        }

        public int count() {
            return count;
        }

        public void close() {
            closed = true;
        }
    }
}
