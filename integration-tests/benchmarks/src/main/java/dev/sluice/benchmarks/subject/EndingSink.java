// SPDX-License-Identifier: Apache-2.0
package dev.sluice.benchmarks.subject;

import dev.sluice.benchmarks.Ending;
import dev.sluice.benchmarks.Target;
import dev.sluice.inference.InferenceRequest;
import dev.sluice.inference.InferenceResponse;
import dev.sluice.inference.ResponseSink;
import dev.sluice.inference.ServingException;
import dev.sluice.inference.Ticker;
import dev.sluice.scheduling.RequestScheduler;
import java.util.function.Consumer;
import java.util.function.Supplier;

/** Reduces an answer to how it ended. */
public record EndingSink(Consumer<Ending> ended) implements ResponseSink {
    /** The scheduler, as a target of requests that were all admitted when they were sent. */
    public static Target target(RequestScheduler scheduler, Ticker ticker) {
        return target(scheduler, () -> Requests.patient(ticker.nanos()));
    }

    /** The scheduler, as a target of requests that {@code request} makes. */
    public static Target target(RequestScheduler scheduler, Supplier<InferenceRequest> request) {
        return ended -> {
            try {
                scheduler.submit(request.get(), new EndingSink(ended));
            } catch (ServingException refusal) {
                ended.accept(ending(refusal));
            }
        };
    }

    @Override
    public void part(InferenceResponse part) {
        part.release();
    }

    @Override
    public void complete(InferenceResponse response) {
        response.release();
        ended.accept(Ending.ANSWERED);
    }

    @Override
    public void fail(ServingException failure) {
        ended.accept(ending(failure));
    }

    private static Ending ending(ServingException failure) {
        return switch (failure.code()) {
            case OVERLOADED -> Ending.REFUSED;
            case DEADLINE_EXCEEDED -> Ending.EXPIRED;
            default -> Ending.FAILED;
        };
    }
}
