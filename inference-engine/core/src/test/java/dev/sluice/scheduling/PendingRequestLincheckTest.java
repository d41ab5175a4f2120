// SPDX-License-Identifier: Apache-2.0
package dev.sluice.scheduling;

import dev.sluice.inference.Cancellation;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.InferenceRequest;
import dev.sluice.inference.InferenceResponse;
import dev.sluice.inference.RequestContext;
import dev.sluice.inference.ResponseSink;
import dev.sluice.inference.ServingException;
import dev.sluice.model.ModelId;
import dev.sluice.model.ModelRef;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.jetbrains.kotlinx.lincheck.Actor;
import org.jetbrains.kotlinx.lincheck.execution.ExecutionScenario;
import org.jetbrains.lincheck.datastructures.ModelCheckingOptions;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Validate;
import org.junit.jupiter.api.Test;

/**
 * Every interleaving of claiming, cancelling, expiring, evicting and abandoning one request, against the drawing of its states
 * without threads. Planted: leaving the queue as a look and a write; abandoning as a look and a write; a part handed over without
 * leaving CLAIMED, and one after which LEAVING was overlooked; a call that ends while a part is handed over.
 */
public class PendingRequestLincheckTest {
    private final ServingException failure = new ServingException(ErrorCode.ENGINE_FAILED, "planned");

    private final AtomicInteger left = new AtomicInteger();
    private final AtomicInteger answers = new AtomicInteger();

    /** Written by who hands a part over. */
    private volatile boolean isInPart;

    /** Written by who answers. */
    private volatile boolean wasAnsweredInPart;

    private final PendingRequest request = new PendingRequest(
            new PendingRequest.Owner() {
                @Override
                public void left(PendingRequest gone) {
                    left.incrementAndGet();
                }

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
                public void part(InferenceResponse part) {
                    isInPart = true;
                    isInPart = false;
                }

                @Override
                public void complete(InferenceResponse response) {
                    count();
                }

                @Override
                public void fail(ServingException reason) {
                    count();
                }

                private void count() {
                    wasAnsweredInPart |= isInPart;
                    answers.incrementAndGet();
                }
            },
            0,
            new PendingRequest.Traits(1, 0, ShapeKey.CONTENT, 0, false));

    @Operation
    public boolean claim() {
        return request.claim();
    }

    @Operation
    public void cancel() {
        request.cancel();
    }

    @Operation
    public void expire() {
        request.expire();
    }

    @Operation
    public void evict() {
        request.evict(failure);
    }

    @Operation
    public boolean abandon() {
        return request.abandon(failure);
    }

    /** Comes after a claim only, and once. */
    @Operation
    public void fail() {
        request.fail(failure);
    }

    /** Comes after a claim only, from the thread that will fail it. */
    @Operation
    public void part() {
        request.part(new InferenceResponse(new ModelId("m", "1"), List.of()));
    }

    /** What that thread does. */
    @Operation
    public void partAndFail() {
        part();
        fail();
    }

    @Validate
    public void isAnsweredOnceItHasEndedAndLeavesOnce() {
        int expected = switch (request.state()) {
            case QUEUED, CLAIMED -> 0;
            default -> 1;
        };
        boolean hasLeft = request.state() != PendingRequest.State.QUEUED;
        if (wasAnsweredInPart) {
            throw new IllegalStateException("the sink was called by two at once");
        }
        if (answers.get() != expected || left.get() != (hasLeft ? 1 : 0)) {
            throw new IllegalStateException(request.state() + ": " + answers + " answers, left " + left + " times");
        }
    }

    @Test
    void i1I2EndsByOneArrowUnderEveryInterleaving() throws NoSuchMethodException {
        List<Actor> claim = List.of(actor("claim"));
        List<Actor> cancel = List.of(actor("cancel"));
        List<Actor> expire = List.of(actor("expire"));
        List<Actor> abandon = List.of(actor("abandon"));
        List<Actor> fail = List.of(actor("fail"));
        List<Actor> part = List.of(actor("part"));
        List<Actor> partAndFail = List.of(actor("partAndFail"));
        new ModelCheckingOptions()
                .addCustomScenario(scenario(List.of(), List.of(claim, cancel, expire)))
                .addCustomScenario(scenario(List.of(), List.of(claim, List.of(actor("evict")), cancel)))
                .addCustomScenario(scenario(claim, List.of(fail, abandon, cancel)))
                .addCustomScenario(scenario(claim, List.of(fail, abandon)))
                .addCustomScenario(scenario(claim, List.of(cancel, abandon)))
                .addCustomScenario(scenario(claim, List.of(part, abandon, cancel)))
                .addCustomScenario(scenario(claim, List.of(partAndFail, abandon)))
                .addCustomScenario(scenario(claim, List.of(part, fail, abandon)))
                // Random ones too, 30 say, when the states are changed.
                .iterations(0)
                .threads(3)
                .actorsPerThread(1)
                .invocationsPerIteration(300)
                .sequentialSpecification(Drawing.class)
                .check(PendingRequestLincheckTest.class);
    }

    private static Actor actor(String operation) throws NoSuchMethodException {
        return new Actor(PendingRequestLincheckTest.class.getMethod(operation), List.of());
    }

    private static ExecutionScenario scenario(List<Actor> before, List<List<Actor>> threads)
            throws NoSuchMethodException {
        return new ExecutionScenario(before, threads, List.of(), actor("isAnsweredOnceItHasEndedAndLeavesOnce"));
    }

    /** The drawing. */
    public static class Drawing {
        private boolean isQueued = true;
        private boolean isClaimed;

        public boolean claim() {
            boolean won = isQueued;
            isClaimed |= won;
            isQueued = false;
            return won;
        }

        public void cancel() {
            end();
        }

        public void expire() {
            isQueued = false;
        }

        public void evict() {
            isQueued = false;
        }

        public boolean abandon() {
            boolean won = isClaimed;
            isClaimed = false;
            return won;
        }

        public void fail() {
            end();
        }

        public void part() {}

        public void partAndFail() {
            end();
        }

        private void end() {
            isQueued = false;
            isClaimed = false;
        }
    }
}
