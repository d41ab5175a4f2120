// SPDX-License-Identifier: Apache-2.0
package dev.sluice.serving;

import dev.sluice.inference.InferenceRequest;
import dev.sluice.inference.ResponseSink;
import dev.sluice.inference.ServingException;
import dev.sluice.inference.Ticker;
import dev.sluice.lifecycle.ModelHandle;
import dev.sluice.lifecycle.ModelRegistry;

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
        } catch (RuntimeException | Error refusal) {
            new ServedSink(request, sink, null, observer, ticker).refuse(ServingException.from(refusal));
            return;
        }
        ServedSink served = new ServedSink(request, sink, handle, observer, ticker);
        served.tellAdmitted();
        try {
            handle.scheduler().submit(request, served);
        } catch (RuntimeException | Error refusal) {
            served.refuse(ServingException.from(refusal));
        }
    }
}
