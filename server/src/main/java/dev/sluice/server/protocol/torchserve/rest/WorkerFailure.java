// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.protocol.torchserve.rest;

import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.server.protocol.RestResponse;
import java.util.Optional;
import java.util.concurrent.CompletionException;

/** Failures of calls that take their time, in the original's words. */
final class WorkerFailure {
    private static final TorchServeErrors ERRORS = new TorchServeErrors();

    private WorkerFailure() {}

    /** What is behind a stage that failed. */
    static ServingException cause(Throwable failure) {
        Throwable cause =
                failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
        return ServingException.from(cause);
    }

    static RestResponse reply(String requestId, Throwable failure) {
        return ERRORS.map(requestId, cause(failure));
    }

    /**
     * The answer to a caller who waits for workers that do not start: the original's sentence, then the reason.
     *
     * @param version as the caller gave it; the original prints {@code null} for none
     */
    static RestResponse notStarted(String requestId, String model, Optional<String> version, Throwable failure) {
        ServingException cause = cause(failure);
        return switch (cause.code()) {
            case MODEL_NOT_FOUND, VERSION_NOT_FOUND -> ERRORS.map(requestId, cause);
            default ->
                TorchServeErrors.internal(
                        requestId,
                        cause.code() == ErrorCode.OUT_OF_MEMORY ? 507 : 500,
                        "Failed to start workers for model " + model + " version: " + version.orElse("null") + ": "
                                + cause.safeMessage());
        };
    }
}
