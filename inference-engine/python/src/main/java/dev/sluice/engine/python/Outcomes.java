// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.python;

import dev.sluice.engine.NativeMessage;
import dev.sluice.engine.Outcome;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.InferenceResponse;
import dev.sluice.inference.Output;
import dev.sluice.inference.ResponseDetails;
import dev.sluice.inference.ServingException;
import dev.sluice.model.ModelId;
import dev.sluice.tensor.DataBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.OptionalInt;

/**
 * Makes of what workers say what the engine's callers understand.
 *
 * <p><b>Threads:</b> safe from any thread.
 *
 * @param side whose worker it is: ours says more than the original's
 */
record Outcomes(ModelId model, Side side) {
    private static final int OK = 200;
    private static final int FAILED = 503;
    private static final int OUT_OF_MEMORY = 507;
    private static final int LOWEST_STATUS = 100;
    private static final int HIGHEST_STATUS = 999;

    /** What all requests are told that nobody will answer any more. */
    static ServingException died(Throwable cause) {
        return new ServingException(ErrorCode.INSTANCE_DIED, "Worker died.", cause);
    }

    /** What a whole batch is told, other than 200. */
    static ServingException refusal(int code, String message) {
        if (code == OUT_OF_MEMORY) {
            return new ServingException(ErrorCode.OUT_OF_MEMORY, "Out of resources");
        }
        return code == FAILED || !isStatus(code)
                ? new ServingException(ErrorCode.ENGINE_FAILED, NativeMessage.clean(message))
                : ServingException.byHandler(code, message);
    }

    static boolean isFine(int code) {
        return code == OK;
    }

    /**
     * What {@code from} says, whose body goes over into it.
     *
     * @param hadTensors whether the request came with tensors, and so may be answered with them
     */
    Outcome of(Prediction from, boolean hadTensors) {
        DataBuffer body = from.body;
        from.body = null;
        if (body == null) {
            ServingException refusal = from.refusal;
            return new Outcome.Failure(
                    refusal == null ? new ServingException(ErrorCode.INTERNAL, "The answer has no body") : refusal);
        }
        if (side == Side.OWN && from.takeIsFailure()) {
            return failure(from, body);
        }
        if (!isStatus(from.status)) {
            body.release();
            return new Outcome.Failure(new ServingException(
                    ErrorCode.ENGINE_FAILED,
                    "The handler set status " + from.status + " (expected: " + LOWEST_STATUS + ".." + HIGHEST_STATUS
                            + ")"));
        }
        return success(from, body, hadTensors);
    }

    private static boolean isStatus(int status) {
        return status >= LOWEST_STATUS && status <= HIGHEST_STATUS;
    }

    /** One request that failed, and no other: with the body for a message. */
    private static Outcome failure(Prediction from, DataBuffer body) {
        try {
            String message = new String(body.toByteArray(), StandardCharsets.UTF_8);
            return new Outcome.Failure(refusal(isStatus(from.status) ? from.status : FAILED, message));
        } finally {
            body.release();
        }
    }

    private Outcome success(Prediction from, DataBuffer body, boolean hadTensors) {
        ResponseDetails details = details(from);
        if (side == Side.OWN && hadTensors && from.contentType.is(Tensors.CONTENT_TYPE)) {
            try {
                return new Outcome.Success(new InferenceResponse(model, Tensors.read(body), details));
            } catch (WireException e) {
                return new Outcome.Failure(
                        new ServingException(ErrorCode.ENGINE_FAILED, "The handler's tensors cannot be read", e));
            } finally {
                body.release();
            }
        }
        Output output = new Output.OfContent(from.contentType.toString(), body);
        return new Outcome.Success(new InferenceResponse(model, List.of(output), details));
    }

    private static ResponseDetails details(Prediction from) {
        if (from.status == OK && from.reason.isEmpty() && from.headers.isEmpty()) {
            return ResponseDetails.NONE;
        }
        return new ResponseDetails(
                from.status == OK && from.reason.isEmpty() ? OptionalInt.empty() : OptionalInt.of(from.status),
                from.reason.toString(),
                from.headers);
    }
}
