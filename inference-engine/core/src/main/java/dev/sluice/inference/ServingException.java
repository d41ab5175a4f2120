// SPDX-License-Identifier: Apache-2.0
package dev.sluice.inference;

import java.time.Duration;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;

/**
 * The only exception that crosses packages: a code for programs, and a sentence that may be shown to a client, so it names
 * values and expectations but no path of this machine and no class. The cause is for the log alone.
 */
public final class ServingException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final ErrorCode code;

    private final @Nullable Duration retryAfter;
    private final int handlerStatus;

    public ServingException(ErrorCode code, String safeMessage) {
        super(safeMessage);
        this.code = code;
        this.retryAfter = null;
        this.handlerStatus = 0;
    }

    public ServingException(ErrorCode code, String safeMessage, Throwable cause) {
        super(safeMessage, cause);
        this.code = code;
        this.retryAfter = null;
        this.handlerStatus = 0;
    }

    /** A {@link #refusal} that may be followed by success when the same is asked again after {@code retryAfter}. */
    public ServingException(ErrorCode code, String safeMessage, Duration retryAfter) {
        this(code, safeMessage, Optional.of(retryAfter));
    }

    /** Without a stack and never to be changed. */
    private ServingException(ErrorCode code, String safeMessage, Optional<Duration> retryAfter) {
        super(safeMessage, null, false, false);
        this.code = code;
        this.retryAfter = retryAfter.orElse(null);
        this.handlerStatus = 0;
    }

    private ServingException(int handlerStatus, String safeMessage) {
        super(safeMessage, null, false, false);
        this.code = ErrorCode.HANDLER_REFUSED;
        this.retryAfter = null;
        this.handlerStatus = handlerStatus;
    }

    /**
     * What a model's handler says instead of an answer, {@link ErrorCode#HANDLER_REFUSED}.
     *
     * @param status in the numbers of HTTP, in which TorchServe's handlers think: 100..999
     * @throws IllegalArgumentException if it is none
     */
    public static ServingException byHandler(int status, String message) {
        return new ServingException(ResponseDetails.checkedStatus(status), message);
    }

    /**
     * What a request is told that was not run, for a reason its code and message say in full. It has no stack, which would cost
     * more than all the rest of refusing; it cannot be changed, so one may be thrown at many.
     */
    public static ServingException refusal(ErrorCode code, String safeMessage) {
        return new ServingException(code, safeMessage, Optional.empty());
    }

    /**
     * {@code failure} itself if it is one of ours, also one that {@code CompletionStage}s have wrapped on its way; else an
     * {@link ErrorCode#INTERNAL} one that tells the client nothing.
     */
    public static ServingException from(Throwable failure) {
        boolean wrapped = failure instanceof CompletionException || failure instanceof ExecutionException;
        if (wrapped && failure.getCause() != null) {
            return from(failure.getCause());
        }
        if (failure instanceof ServingException serving) {
            return serving;
        }
        if (failure instanceof OutOfMemoryError) {
            return new ServingException(ErrorCode.OUT_OF_MEMORY, "Out of resources", failure);
        }
        return new ServingException(ErrorCode.INTERNAL, "Internal error; the server's log has the details", failure);
    }

    public ErrorCode code() {
        return code;
    }

    /** How long the caller had best wait before it asks again; empty when nobody knows. */
    public Optional<Duration> retryAfter() {
        return Optional.ofNullable(retryAfter);
    }

    /** The status the handler chose; empty unless the code is {@link ErrorCode#HANDLER_REFUSED}. */
    public OptionalInt handlerStatus() {
        return handlerStatus == 0 ? OptionalInt.empty() : OptionalInt.of(handlerStatus);
    }

    /** Never null, unlike the inherited contract. */
    public String safeMessage() {
        String message = getMessage();
        return message == null ? code.name() : message;
    }
}
