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
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells the observer, passes an answer on, and lets go of the version, in that order: whoever has an answer finds it counted,
 * and no version goes away while one of its answers is still being handed over. The one place where a request ends, refused ones
 * included, which may have no handle.
 *
 * <p><b>Threads:</b> safe from any thread. Only the first end counts; a second one is a fault of the caller, which is logged.
 */
final class ServedSink implements ResponseSink {
    private static final Logger LOG = LoggerFactory.getLogger(ServedSink.class);

    private final InferenceRequest request;
    private final ResponseSink next;
    private final @Nullable ModelHandle handle;
    private final ServingObserver observer;
    private final Ticker ticker;
    private final AtomicBoolean ended = new AtomicBoolean();

    ServedSink(
            InferenceRequest request,
            ResponseSink next,
            @Nullable ModelHandle handle,
            ServingObserver observer,
            Ticker ticker) {
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
        if (!end(Optional.empty(), () -> next.complete(response))) {
            response.release();
        }
    }

    @Override
    public void fail(ServingException failure) {
        boolean unused = end(Optional.of(failure.code()), () -> next.fail(failure));
    }

    /** Fails a request that nobody has taken, and gives its inputs back. */
    void refuse(ServingException refusal) {
        try {
            request.release();
        } catch (RuntimeException | Error e) {
            LOG.error("Request {} could not be released", request.context().requestId(), e);
        }
        fail(refusal);
    }

    private boolean end(Optional<ErrorCode> failure, Runnable answer) {
        if (!ended.compareAndSet(false, true)) {
            LOG.error("Request {} was answered twice", request.context().requestId());
            tellAnsweredTwice();
            return false;
        }
        try (handle) {
            tell(failure);
            answer.run();
        }
        return true;
    }

    void tellAdmitted() {
        try {
            observer.requestAdmitted(request.model(), request.context());
        } catch (RuntimeException | Error e) {
            LOG.error("The observer failed on request {}", request.context().requestId(), e);
        }
    }

    private void tellAnsweredTwice() {
        if (handle != null) {
            observer.answeredTwice(handle.id());
        }
    }

    private void tell(Optional<ErrorCode> failure) {
        try {
            observer.requestFinished(
                    request.model(),
                    request.context(),
                    failure,
                    ticker.nanos() - request.context().admittedNanos());
        } catch (RuntimeException | Error e) {
            LOG.error("The observer failed on request {}", request.context().requestId(), e);
        }
    }
}
