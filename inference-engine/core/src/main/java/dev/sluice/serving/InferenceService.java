// SPDX-License-Identifier: Apache-2.0
package dev.sluice.serving;

import dev.sluice.inference.InferenceRequest;
import dev.sluice.inference.ResponseSink;
import dev.sluice.inference.ServingException;
import dev.sluice.inference.Ticker;
import dev.sluice.lifecycle.ModelHandle;
import dev.sluice.lifecycle.ModelRegistry;
import java.util.Optional;

/** The data plane: admits a request and queues it. Every protocol ends here. */
public final class InferenceService {
    private final ModelRegistry registry;
    private final ServingObserver observer;
    private final Ticker ticker;

    public InferenceService(ModelRegistry registry, ServingObserver observer, Ticker ticker) {
        this.registry = registry;
        this.observer = observer;
        this.ticker = ticker;
    }

    /**
     * Answers {@code request} through {@code sink}, now or later, exactly once and whatever happens.
     *
     * <p><b>Ownership:</b> takes both, always.
     *
     * <p><b>Threads:</b> any; does not block. The sink may be called before this returns, on this thread.
     */
    public void infer(InferenceRequest request, ResponseSink sink) {
        ModelHandle handle;
        try {
            handle = registry.acquire(request.model());
        } catch (ServingException refusal) {
            refuse(request, sink, refusal);
            return;
        }
        try {
            handle.scheduler().submit(request, new ServedSink(request, sink, handle, observer, ticker));
        } catch (ServingException refusal) {
            handle.close();
            refuse(request, sink, refusal);
        }
    }

    private void refuse(InferenceRequest request, ResponseSink sink, ServingException refusal) {
        request.release();
        observer.requestFinished(
                request.model(),
                request.context(),
                Optional.of(refusal.code()),
                ticker.nanos() - request.context().admittedNanos());
        sink.fail(refusal);
    }
}
