// SPDX-License-Identifier: Apache-2.0
package dev.sluice.scheduling;

import dev.sluice.inference.Cancellation;
import dev.sluice.inference.InferenceRequest;
import dev.sluice.inference.InferenceResponse;
import dev.sluice.inference.RequestContext;
import dev.sluice.inference.ResponseSink;
import dev.sluice.inference.ServingException;
import dev.sluice.model.ModelRef;
import java.util.List;
import java.util.Map;
import org.jetbrains.kotlinx.lincheck.Actor;
import org.jetbrains.kotlinx.lincheck.execution.ExecutionScenario;
import org.jetbrains.lincheck.datastructures.ModelCheckingOptions;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Validate;
import org.junit.jupiter.api.Test;

/**
 * Every interleaving of submitters that hand over through {@link Intake} and {@link IdleTakers} with a taker that falls asleep as
 * the queue has it: it says so first and looks second. Planted: a taker that looks first and says so second.
 */
public class HandOverLincheckTest {
    private final Intake intake = new Intake();
    private final IdleTakers idle = new IdleTakers();
    private final Sleeper taker = new Sleeper();

    /** Says whether it was woken, and has no thread. */
    private static final class Sleeper extends Taker {
        /** Written by the operations: whether it would sleep, with nobody having woken it. */
        private volatile boolean sleeps;

        @Override
        void wake() {
            sleeps = false;
        }
    }

    /** As in {@code RequestQueue.enqueue}. */
    @Operation
    public void submit() {
        intake.add(request());
        if (!idle.isEmpty()) {
            idle.wakeOne();
        }
    }

    /** As in {@code RequestQueue.form} when nothing waits. */
    @Operation
    public void fallAsleep() {
        idle.remove(taker);
        PendingRequest unused = intake.drain();
        taker.sleeps = true;
        idle.add(taker);
        if (!intake.isEmpty()) {
            idle.remove(taker);
            taker.sleeps = false;
        }
    }

    @Validate
    public void i14NobodySleepsWhileThereIsWork() {
        if (taker.sleeps && !intake.isEmpty()) {
            throw new IllegalStateException("asleep with " + intake.size() + " requests");
        }
    }

    @Test
    void i14ASubmitterIsSeenOrSeesWhoSleeps() throws NoSuchMethodException {
        Actor submit = actor("submit");
        Actor fallAsleep = actor("fallAsleep");
        new ModelCheckingOptions()
                .addCustomScenario(scenario(List.of(), List.of(submit), List.of(fallAsleep)))
                .addCustomScenario(scenario(List.of(fallAsleep), List.of(submit), List.of(fallAsleep)))
                .iterations(0)
                .threads(2)
                .actorsPerThread(1)
                .invocationsPerIteration(100)
                .sequentialSpecification(Nothing.class)
                .check(HandOverLincheckTest.class);
    }

    private static Actor actor(String operation) throws NoSuchMethodException {
        return new Actor(HandOverLincheckTest.class.getMethod(operation), List.of());
    }

    private static ExecutionScenario scenario(List<Actor> before, List<Actor> one, List<Actor> other)
            throws NoSuchMethodException {
        return new ExecutionScenario(before, List.of(one, other), List.of(), actor("i14NobodySleepsWhileThereIsWork"));
    }

    private static PendingRequest request() {
        return new PendingRequest(
                new PendingRequest.Owner() {
                    @Override
                    public void left(PendingRequest gone) {}

                    @Override
                    public void answeredTwice() {}
                },
                new InferenceRequest(
                        ModelRef.of("m"),
                        List.of(),
                        List.of(),
                        Map.of(),
                        new RequestContext("r", "test", 0, RequestContext.NO_DEADLINE, Map.of(), new Cancellation())),
                new ResponseSink() {
                    @Override
                    public void part(InferenceResponse part) {}

                    @Override
                    public void complete(InferenceResponse response) {}

                    @Override
                    public void fail(ServingException reason) {}
                },
                0,
                new PendingRequest.Traits(1, 0, ShapeKey.CONTENT, 0, false));
    }

    /** The operations give nothing back, so any order of them will do. */
    public static class Nothing {
        public void submit() {}

        public void fallAsleep() {}
    }
}
