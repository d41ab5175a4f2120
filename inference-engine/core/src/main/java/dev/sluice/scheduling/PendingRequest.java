// SPDX-License-Identifier: Apache-2.0
package dev.sluice.scheduling;

import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.InferenceRequest;
import dev.sluice.inference.InferenceResponse;
import dev.sluice.inference.ResponseSink;
import dev.sluice.inference.ServingException;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A request that was taken, with the sink it will end. Each is ended by exactly one of the methods below, once. */
record PendingRequest(InferenceRequest request, ResponseSink sink, long submittedNanos) {
    private static final Logger LOG = LoggerFactory.getLogger(PendingRequest.class);

    /** Why this request should not run any more, if there is a reason. */
    Optional<ServingException> reasonToSkip(long nowNanos) {
        if (request.context().cancellation().isCancelled()) {
            return Optional.of(new ServingException(ErrorCode.CANCELLED, "The client went away"));
        }
        if (request.context().isExpired(nowNanos)) {
            return Optional.of(new ServingException(
                    ErrorCode.DEADLINE_EXCEEDED,
                    "The deadline passed while the request for model "
                            + request.model().name() + " was waiting"));
        }
        return Optional.empty();
    }

    void complete(InferenceResponse response) {
        guarded("releasing", request::release);
        guarded("answering", () -> sink.complete(response));
    }

    void fail(ServingException failure) {
        guarded("releasing", request::release);
        guarded("failing", () -> sink.fail(failure));
    }

    /** Neither step may throw; one that does must not keep this request, or its neighbours, from their answers. */
    private void guarded(String step, Runnable action) {
        try {
            action.run();
        } catch (RuntimeException | Error e) {
            LOG.error("Request {}: {} it went wrong", request.context().requestId(), step, e);
        }
    }
}
