// SPDX-License-Identifier: Apache-2.0
package dev.sluice.lifecycle;

import dev.sluice.engine.Sample;
import dev.sluice.inference.Cancellation;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.InferenceResponse;
import dev.sluice.inference.Output;
import dev.sluice.inference.RequestContext;
import dev.sluice.inference.ResponseSink;
import dev.sluice.inference.ServingException;
import dev.sluice.inference.Ticker;
import dev.sluice.model.ModelSpec;
import dev.sluice.scheduling.RequestScheduler;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Asks a version that is not ready yet the samples it brings along, one after another, on the way that requests take: queue,
 * instance, handler.
 *
 * <p><b>Threads:</b> called on a load thread, which it blocks.
 */
final class SelfTest {
    /** What metrics and handlers see as the protocol. */
    private static final String PROTOCOL = "self-test";

    private final ModelSpec spec;
    private final Ticker ticker;
    private final long startNanos;

    SelfTest(ModelSpec spec, Ticker ticker) {
        this.spec = spec;
        this.ticker = ticker;
        this.startNanos = ticker.nanos();
    }

    /**
     * Returns when all samples were answered as expected.
     *
     * @throws ServingException {@code LOAD_FAILED} naming the first sample that was not; the startup timeout bounds all of them together
     */
    void run(List<Sample> samples, RequestScheduler scheduler) {
        for (Sample sample : samples) {
            ask(sample, scheduler).ifPresent(objection -> {
                throw failed(sample, objection);
            });
        }
    }

    private Optional<String> ask(Sample sample, RequestScheduler scheduler) {
        Cancellation cancellation = new Cancellation();
        RequestContext context = new RequestContext(
                PROTOCOL + "-" + sample.name(),
                PROTOCOL,
                ticker.nanos(),
                RequestContext.NO_DEADLINE,
                Map.of(),
                cancellation);
        SampleSink sink = new SampleSink(sample);
        var request = sample.request(spec.ref(), context);
        try {
            scheduler.submit(request, sink);
        } catch (ServingException refusal) {
            request.release();
            return Optional.of(refusal.safeMessage());
        }
        Duration left = spec.limits().startupTimeout().minusNanos(ticker.nanos() - startNanos);
        try {
            return sink.verdict.get(Math.max(0, left.toMillis()), TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            cancellation.cancel();
            return Optional.of("no answer within the startup timeout of "
                    + spec.limits().startupTimeout().toSeconds() + " s");
        } catch (ExecutionException e) {
            throw ServingException.from(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            cancellation.cancel();
            throw new ServingException(ErrorCode.SHUTTING_DOWN, "The server is stopping", e);
        }
    }

    private ServingException failed(Sample sample, String objection) {
        return new ServingException(
                ErrorCode.LOAD_FAILED,
                "Model " + spec.id().name() + " version " + spec.id().version() + " failed its self test with sample "
                        + sample.name() + ": " + objection);
    }

    /**
     * Judges the answer where it arrives, so that one that comes too late is given back all the same. A streamed answer is judged as a
     * whole: the outputs of all parts, one after the other.
     */
    private static final class SampleSink implements ResponseSink {
        private final Sample sample;
        /** Of the parts so far; changed by whoever hands over a part or the end, one at a time. */
        private final List<Output> outputs = new ArrayList<>();

        private final CompletableFuture<Optional<String>> verdict = new CompletableFuture<>();

        private SampleSink(Sample sample) {
            this.sample = sample;
        }

        @Override
        public void part(InferenceResponse part) {
            outputs.addAll(part.outputs());
        }

        @Override
        public void complete(InferenceResponse response) {
            outputs.addAll(response.outputs());
            InferenceResponse whole = new InferenceResponse(response.model(), outputs);
            try {
                verdict.complete(sample.objection(whole));
            } catch (RuntimeException | Error e) {
                verdict.completeExceptionally(e);
            } finally {
                whole.release();
            }
        }

        @Override
        public void fail(ServingException failure) {
            outputs.forEach(Output::release);
            verdict.complete(Optional.of(failure.safeMessage()));
        }
    }
}
