// SPDX-License-Identifier: Apache-2.0
package dev.sluice.lifecycle;

import java.util.List;
import java.util.concurrent.CompletionStage;
import org.jetbrains.kotlinx.lincheck.Actor;
import org.jetbrains.kotlinx.lincheck.execution.ExecutionScenario;
import org.jetbrains.lincheck.datastructures.ModelCheckingOptions;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Validate;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/**
 * Every interleaving of a few leases and one end, against a counter without threads. Planted: acquire() and release() as a read and
 * a write; close() that decides by the count it saw before it closed. The scenarios are
 * chosen so that each of these fails.
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
    void actsAsOneStepUnderEveryInterleaving() throws NoSuchMethodException {
        Actor acquire = actor("acquire");
        Actor release = actor("release");
        Actor close = actor("close");
        new ModelCheckingOptions()
                .addCustomScenario(scenario(List.of(acquire), List.of(close), List.of(release)))
                .addCustomScenario(scenario(List.of(), List.of(close), List.of(acquire)))
                .addCustomScenario(scenario(List.of(), List.of(acquire), List.of(acquire, release, release)))
                .addCustomScenario(scenario(List.of(acquire, acquire), List.of(release), List.of(release, release)))
                // Random ones too, 30 say, when the counter is changed: they take a minute and have found no more.
                .iterations(0)
                .threads(2)
                .actorsPerThread(3)
                .actorsBefore(1)
                .actorsAfter(0)
                .invocationsPerIteration(200)
                .sequentialSpecification(OneThreadCounter.class)
                .check(LeaseCounterLincheckTest.class);
    }

    private static Actor actor(String operation) throws NoSuchMethodException {
        return new Actor(LeaseCounterLincheckTest.class.getMethod(operation), List.of());
    }

    private static ExecutionScenario scenario(List<Actor> before, List<Actor> one, List<Actor> other)
            throws NoSuchMethodException {
        return new ExecutionScenario(
                before, List.of(one, other), List.of(), actor("isDrainedWhenClosedAndEmptyAndOnlyThen"));
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

        public void close() {
            closed = true;
        }
    }
}
