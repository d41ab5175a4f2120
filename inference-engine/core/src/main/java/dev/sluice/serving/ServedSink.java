// SPDX-License-Identifier: Apache-2.0
package dev.sluice.serving;

import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.InferenceRequest;
import dev.sluice.inference.InferenceResponse;
import dev.sluice.inference.ResponseSink;
import dev.sluice.inference.ServingException;
import dev.sluice.inference.Ticker;
import dev.sluice.lifecycle.ModelHandle;
import java.util.Optional;

/** Passes an answer on, tells the observer, and lets go of the version: the one place where a queued request ends. */
final class ServedSink implements ResponseSink {
    private final InferenceRequest request;
    private final ResponseSink next;
    private final ModelHandle handle;
    private final ServingObserver observer;
    private final Ticker ticker;

    ServedSink(
            InferenceRequest request, ResponseSink next, ModelHandle handle, ServingObserver observer, Ticker ticker) {
        this.request = request;
        this.next = next;
        this.handle = handle;
        this.observer = observer;
        this.ticker = ticker;
    }

    @Override
    public void part(InferenceResponse part) {
        next.part(part);
    }

    @Override
    public void complete(InferenceResponse response) {
        finished(Optional.empty());
        next.complete(response);
    }

    @Override
    public void fail(ServingException failure) {
        finished(Optional.of(failure.code()));
        next.fail(failure);
    }

    private void finished(Optional<ErrorCode> failure) {
        handle.close();
        observer.requestFinished(
                request.model(),
                request.context(),
                failure,
                ticker.nanos() - request.context().admittedNanos());
    }
}
