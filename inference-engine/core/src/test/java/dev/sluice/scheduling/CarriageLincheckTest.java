// SPDX-License-Identifier: Apache-2.0
package dev.sluice.scheduling;

import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.jetbrains.kotlinx.lincheck.Actor;
import org.jetbrains.kotlinx.lincheck.execution.ExecutionScenario;
import org.jetbrains.lincheck.datastructures.ModelCheckingOptions;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Validate;
import org.junit.jupiter.api.Test;

/**
 * Every interleaving of a carrier that rests, threads that wake, and one that an instance is lent to. Planted: rest() that does not
 * look whether it was woken; lend() as a look and a write.
 */
public class CarriageLincheckTest {
    /** Carriers that were asked for and have not run yet. */
    private final AtomicInteger asked = new AtomicInteger();

    /** Written by the operations: threads that run the instance. */
    private final AtomicInteger running = new AtomicInteger();

    /** Written by the operations: whether two ran it at once. */
    private volatile boolean collided;

    /** Written by the operations: something to do, for which somebody was woken. */
    private final AtomicInteger work = new AtomicInteger();

    private final Carriage carriage = new Carriage(task -> asked.incrementAndGet(), () -> {});

    @Operation
    public void wake() {
        work.incrementAndGet();
        carriage.wake();
    }

    /** A carrier that was asked for does all there is to do, and rests. */
    @Operation
    public void carry() {
        int seen = asked.get();
        if (seen == 0 || !asked.compareAndSet(seen, seen - 1)) {
            return;
        }
        carriage.arrive();
        boolean isOver = false;
        while (!isOver) {
            enter();
            carriage.attend();
            work.set(0);
            leave();
            isOver = carriage.rest();
        }
    }

    @Operation
    public void runLent() {
        if (carriage.lend()) {
            enter();
            leave();
            carriage.giveBack();
            if (carriage.isWoken()) {
                carriage.wake();
            }
        }
    }

    private void enter() {
        if (running.incrementAndGet() > 1) {
            collided = true;
        }
    }

    private void leave() {
        running.decrementAndGet();
    }

    @Validate
    public void nobodyIsLeftWithWorkAndNoTwoRanAtOnce() {
        if (collided || (work.get() > 0 && asked.get() == 0)) {
            throw new IllegalStateException(
                    "collided: " + collided + ", to do: " + work + ", carriers asked: " + asked);
        }
    }

    @Test
    void i14OneAtATimeAndNoWakeUpIsMissed() throws NoSuchMethodException {
        Actor wake = actor("wake");
        Actor carry = actor("carry");
        Actor runLent = actor("runLent");
        new ModelCheckingOptions()
                .addCustomScenario(scenario(List.of(wake), List.of(carry), List.of(wake)))
                .addCustomScenario(scenario(List.of(), List.of(runLent), List.of(wake, carry)))
                .addCustomScenario(scenario(List.of(), List.of(runLent), List.of(runLent)))
                .iterations(0)
                .threads(2)
                .actorsPerThread(2)
                .invocationsPerIteration(100)
                .sequentialSpecification(Nothing.class)
                .check(CarriageLincheckTest.class);
    }

    private static Actor actor(String operation) throws NoSuchMethodException {
        return new Actor(CarriageLincheckTest.class.getMethod(operation), List.of());
    }

    private static ExecutionScenario scenario(List<Actor> before, List<Actor> one, List<Actor> other)
            throws NoSuchMethodException {
        return new ExecutionScenario(
                before, List.of(one, other), List.of(), actor("nobodyIsLeftWithWorkAndNoTwoRanAtOnce"));
    }

    /** The operations give nothing back, so any order of them will do. */
    public static class Nothing {
        public void wake() {}

        public void carry() {}

        public void runLent() {}
    }
}
