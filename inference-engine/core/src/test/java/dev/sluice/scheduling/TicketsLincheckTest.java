// SPDX-License-Identifier: Apache-2.0
package dev.sluice.scheduling;

import dev.sluice.inference.Cancellation;
import dev.sluice.inference.InferenceRequest;
import dev.sluice.inference.InferenceResponse;
import dev.sluice.inference.RequestContext;
import dev.sluice.inference.ResponseSink;
import dev.sluice.inference.ServingException;
import dev.sluice.model.AllowedSizes;
import dev.sluice.model.BatchSpec;
import dev.sluice.model.LimitSpec;
import dev.sluice.model.ModelRef;
import dev.sluice.model.PrioritySpec;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.jetbrains.kotlinx.lincheck.Actor;
import org.jetbrains.kotlinx.lincheck.execution.ExecutionScenario;
import org.jetbrains.lincheck.datastructures.ModelCheckingOptions;
import org.jetbrains.lincheck.datastructures.Operation;
import org.junit.jupiter.api.Test;

/**
 * I17: every interleaving of submitters with the one instance there is, against a queue without threads. Planted: a ticket that is looked
 * for in one step and taken in another; an instance that counts what it took and itself in two steps.
 */
public class TicketsLincheckTest {
    private final RequestQueue queue = new RequestQueue(
            new RequestQueue.Settings(
                    "m",
                    QueueBounds.ofRequests(10, 1, LimitSpec.ANY_BYTES),
                    PrioritySpec.NONE,
                    AllowedSizes.ANY,
                    false,
                    RequestQueue.ANY_TIME,
                    true),
            new SizeOrDelayPolicy(new BatchSpec(1, Duration.ZERO)),
            new ServiceTimes(),
            new TimerWheel(0, () -> {}),
            () -> 0,
            () -> {});

    private final Taker taker = new Taker() {
        @Override
        void wake() {}
    };

    public TicketsLincheckTest() {
        queue.join(taker);
    }

    @Operation
    public boolean submit() {
        try {
            queue.submit(request(), new Nobody());
            return true;
        } catch (ServingException refusal) {
            return false;
        }
    }

    /** The instance, which has been free so far, asks for a batch. */
    @Operation
    public boolean form() {
        return queue.form(taker) instanceof Formation.Formed;
    }

    @Test
    void i17TakesNoMoreThanAreFreeUnderEveryInterleaving() throws NoSuchMethodException {
        Actor submit = actor("submit");
        Actor form = actor("form");
        new ModelCheckingOptions()
                .addCustomScenario(scenario(List.of(), List.of(submit), List.of(submit)))
                .addCustomScenario(scenario(List.of(submit), List.of(form), List.of(submit)))
                .addCustomScenario(scenario(List.of(submit), List.of(form), List.of(submit, submit)))
                .iterations(0)
                .threads(2)
                .actorsPerThread(2)
                .invocationsPerIteration(300)
                .sequentialSpecification(OneThreadQueue.class)
                .check(TicketsLincheckTest.class);
    }

    private static Actor actor(String operation) throws NoSuchMethodException {
        return new Actor(TicketsLincheckTest.class.getMethod(operation), List.of());
    }

    private static ExecutionScenario scenario(List<Actor> before, List<Actor> one, List<Actor> other) {
        return new ExecutionScenario(before, List.of(one, other), List.of(), null);
    }

    private static InferenceRequest request() {
        return new InferenceRequest(
                ModelRef.of("m"),
                List.of(),
                List.of(),
                Map.of(),
                new RequestContext("r", "test", 0, RequestContext.NO_DEADLINE, Map.of(), new Cancellation()));
    }

    private static final class Nobody implements ResponseSink {
        @Override
        public void part(InferenceResponse part) {}

        @Override
        public void complete(InferenceResponse response) {}

        @Override
        public void fail(ServingException reason) {}
    }

    /** What a queue with one instance is. */
    public static class OneThreadQueue {
        private boolean isBusy;
        private int waiting;

        public boolean submit() {
            boolean isFree = !isBusy && waiting == 0;
            waiting += isFree ? 1 : 0;
            return isFree;
        }

        public boolean form() {
            isBusy = waiting > 0;
            waiting -= isBusy ? 1 : 0;
            return isBusy;
        }
    }
}
