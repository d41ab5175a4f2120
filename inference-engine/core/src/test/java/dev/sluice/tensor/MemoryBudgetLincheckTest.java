// SPDX-License-Identifier: Apache-2.0
package dev.sluice.tensor;

import java.util.List;
import org.jetbrains.kotlinx.lincheck.Actor;
import org.jetbrains.kotlinx.lincheck.execution.ExecutionScenario;
import org.jetbrains.lincheck.datastructures.ModelCheckingOptions;
import org.jetbrains.lincheck.datastructures.Operation;
import org.junit.jupiter.api.Test;

/**
 * I4: every interleaving of a few reservations and releases, against a budget without threads. Planted: tryReserve() that adds
 * and takes back; tryReserve() as a read and a write; release() as a read and a write. The scenarios are chosen so that each of
 * these fails.
 */
public class MemoryBudgetLincheckTest {
    private final MemoryBudget budget = new MemoryBudget(4);

    @Operation
    public boolean reserve() {
        return budget.tryReserve(2);
    }

    @Operation
    public boolean admit() {
        return budget.tryReserveForRequest(1);
    }

    @Operation
    public boolean reserveTooMuch() {
        return budget.tryReserve(3);
    }

    @Operation
    public boolean release() {
        try {
            budget.release(2);
            return true;
        } catch (IllegalStateException surplus) {
            return false;
        }
    }

    @Operation
    public long reserved() {
        return budget.reserved();
    }

    @Test
    void i4ActsAsOneStepUnderEveryInterleaving() throws NoSuchMethodException {
        Actor reserve = actor("reserve");
        Actor admit = actor("admit");
        Actor tooMuch = actor("reserveTooMuch");
        Actor release = actor("release");
        Actor reserved = actor("reserved");
        new ModelCheckingOptions()
                .addCustomScenario(scenario(List.of(reserve), List.of(reserve), List.of(reserve, reserved)))
                .addCustomScenario(scenario(List.of(reserve), List.of(tooMuch), List.of(reserve, reserved)))
                .addCustomScenario(scenario(List.of(reserve), List.of(release), List.of(reserve, reserved)))
                .addCustomScenario(scenario(List.of(reserve), List.of(release), List.of(release, reserved)))
                .addCustomScenario(scenario(List.of(reserve), List.of(admit), List.of(admit, reserved)))
                .iterations(0)
                .threads(2)
                .actorsPerThread(2)
                .actorsBefore(1)
                .actorsAfter(0)
                .invocationsPerIteration(200)
                .sequentialSpecification(OneThreadBudget.class)
                .check(MemoryBudgetLincheckTest.class);
    }

    private static Actor actor(String operation) throws NoSuchMethodException {
        return new Actor(MemoryBudgetLincheckTest.class.getMethod(operation), List.of());
    }

    private static ExecutionScenario scenario(List<Actor> before, List<Actor> one, List<Actor> other) {
        return new ExecutionScenario(before, List.of(one, other), List.of(), null);
    }

    /** What a budget of 4 is. */
    public static class OneThreadBudget {
        private long reserved;

        public boolean reserve() {
            return add(2, 4);
        }

        public boolean admit() {
            return add(1, 3);
        }

        public boolean reserveTooMuch() {
            return add(3, 4);
        }

        private boolean add(long bytes, long bound) {
            boolean fits = reserved + bytes <= bound;
            reserved += fits ? bytes : 0;
            return fits;
        }

        public boolean release() {
            boolean there = reserved >= 2;
            reserved -= there ? 2 : 0;
            return there;
        }

        public long reserved() {
            return reserved;
        }
    }
}
