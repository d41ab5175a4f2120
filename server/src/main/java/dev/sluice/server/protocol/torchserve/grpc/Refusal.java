// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.protocol.torchserve.grpc;

import com.google.protobuf.Any;
import com.google.rpc.ErrorInfo;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import io.grpc.Status;

/**
 * Why there is no answer, as the original words it: a sentence, then on a line of its own the class of its exception or a label.
 * Clients look for both, and for statuses that are odd, so unknown models are internal errors of the inference service.
 *
 * <p><b>Source:</b> torchserve.md sections 4.5 and 4.6.
 *
 * @param reason the class or label
 */
record Refusal(Status.Code code, String message, String reason) {
    private static final String MODELS = "org.pytorch.serve.archive.model.";
    private static final String HTTP = "org.pytorch.serve.http.";
    private static final int MOST_BYTES = 4096;
    private static final String NO_WORKER = "InternalServerException.()";
    private static final String BACKEND = HTTP + "InternalServerException";

    /** What predictions without a model's name are told. */
    static final Refusal NO_MODEL_NAME =
            new Refusal(Status.Code.INTERNAL, "Parameter model_name is required.", "BadRequestException.()");

    /** For a prediction; a switch without a default. */
    static Refusal ofPrediction(ServingException failure) {
        Status.Code code = predictionCode(failure);
        return new Refusal(code, failure.safeMessage(), predictionReason(failure.code()));
    }

    private static Status.Code predictionCode(ServingException failure) {
        return switch (failure.code()) {
            case MODEL_NOT_FOUND, VERSION_NOT_FOUND, LABEL_NOT_FOUND, SOURCE_NOT_FOUND -> Status.Code.INTERNAL;
            case MODEL_UNAVAILABLE, OVERLOADED -> Status.Code.INTERNAL;
            case INVALID_INPUT, INVALID_MODEL, DOWNLOAD_FAILED -> Status.Code.INVALID_ARGUMENT;
            case DEADLINE_EXCEEDED -> Status.Code.DEADLINE_EXCEEDED;
            case CANCELLED -> Status.Code.CANCELLED;
            case SHUTTING_DOWN, ENGINE_FAILED -> Status.Code.UNAVAILABLE;
            case ALREADY_EXISTS -> Status.Code.ALREADY_EXISTS;
            case FAILED_PRECONDITION -> Status.Code.FAILED_PRECONDITION;
            case NOT_ALLOWED, UNAUTHENTICATED, PERMISSION_DENIED -> Status.Code.PERMISSION_DENIED;
            case HANDLER_REFUSED -> ofBackend(failure.handlerStatus().orElse(500));
            case INSTANCE_DIED, OUT_OF_MEMORY, LOAD_FAILED, INTERNAL -> Status.Code.INTERNAL;
        };
    }

    private static String predictionReason(ErrorCode code) {
        return switch (code) {
            case MODEL_NOT_FOUND, SOURCE_NOT_FOUND -> MODELS + "ModelNotFoundException";
            case VERSION_NOT_FOUND, LABEL_NOT_FOUND -> MODELS + "ModelVersionNotFoundException";
            case MODEL_UNAVAILABLE, OVERLOADED -> NO_WORKER;
            case INVALID_INPUT -> HTTP + "BadRequestException";
            case DEADLINE_EXCEEDED, CANCELLED -> HTTP + "RequestTimeoutException";
            case SHUTTING_DOWN -> HTTP + "ServiceUnavailableException";
            case INVALID_MODEL, ALREADY_EXISTS, FAILED_PRECONDITION -> MODELS + "ModelException";
            case DOWNLOAD_FAILED -> "org.pytorch.serve.archive.DownloadArchiveException";
            case NOT_ALLOWED, UNAUTHENTICATED, PERMISSION_DENIED -> HTTP + "InvalidKeyException";
            case ENGINE_FAILED, INSTANCE_DIED, HANDLER_REFUSED, OUT_OF_MEMORY, LOAD_FAILED, INTERNAL -> BACKEND;
        };
    }

    /** Nobody is there to ask, or no room to wait. */
    static Refusal noWorker(String message) {
        return new Refusal(Status.Code.INTERNAL, message, NO_WORKER);
    }

    /** What a handler said in the numbers of HTTP. */
    static Status.Code ofBackend(int status) {
        return switch (status) {
            case 400 -> Status.Code.INVALID_ARGUMENT;
            case 401 -> Status.Code.UNAUTHENTICATED;
            case 403 -> Status.Code.PERMISSION_DENIED;
            case 404 -> Status.Code.NOT_FOUND;
            case 409 -> Status.Code.ABORTED;
            case 413, 429 -> Status.Code.RESOURCE_EXHAUSTED;
            case 416 -> Status.Code.OUT_OF_RANGE;
            case 499 -> Status.Code.CANCELLED;
            case 501 -> Status.Code.UNIMPLEMENTED;
            case 503 -> Status.Code.UNAVAILABLE;
            case 504 -> Status.Code.DEADLINE_EXCEEDED;
            default -> ofBackendClass(status / 100);
        };
    }

    private static Status.Code ofBackendClass(int hundreds) {
        return switch (hundreds) {
            case 4 -> Status.Code.FAILED_PRECONDITION;
            case 5 -> Status.Code.INTERNAL;
            default -> Status.Code.UNKNOWN;
        };
    }

    /** An answer to which its handler gave the status of a failure. */
    static Refusal byHandler(int status, String message) {
        return new Refusal(ofBackend(status), message, BACKEND);
    }

    /**
     * What the REST interface answered to a management call.
     *
     * @param type simple name of the original's exception
     */
    static Refusal ofManagement(int status, String type, String message) {
        return switch (status) {
            case 405 -> new Refusal(Status.Code.PERMISSION_DENIED, "Model API disabled", "");
            case 400 -> of(Status.Code.INVALID_ARGUMENT, type, message);
            case 403 -> of(Status.Code.FAILED_PRECONDITION, type, message);
            case 404 -> of(Status.Code.NOT_FOUND, type, message);
            case 408 -> of(Status.Code.DEADLINE_EXCEEDED, type, message);
            case 409 -> of(Status.Code.ALREADY_EXISTS, type, message);
            case 503 -> of(Status.Code.UNAVAILABLE, type, message);
            default -> of(Status.Code.INTERNAL, type, message);
        };
    }

    static Refusal of(Status.Code code, String type, String message) {
        String home = type.startsWith("Model") || type.startsWith("InvalidModel") ? MODELS : HTTP;
        return new Refusal(
                code,
                message,
                type.equals("DownloadArchiveException") ? "org.pytorch.serve.archive." + type : home + type);
    }

    /** For the end of a call. */
    Status status() {
        String shown = shortened(message);
        return Status.fromCode(code).withDescription(reason.isEmpty() ? shown : shown + "\n" + reason);
    }

    /** Clients take no more than 8 KiB of a call's end, in which bytes that are no plain text count threefold. */
    private static String shortened(String text) {
        int bytes = 0;
        for (int i = 0; i < text.length(); i = text.offsetByCodePoints(i, 1)) {
            int c = text.codePointAt(i);
            bytes += c >= ' ' && c < 0x7f && c != '%' ? 1 : c < 0x80 ? 3 : c < 0x800 ? 6 : c < 0x10000 ? 9 : 12;
            if (bytes > MOST_BYTES) {
                return text.substring(0, i) + "...";
            }
        }
        return text;
    }

    /** For a message of a stream that goes on. */
    com.google.rpc.Status asMessage() {
        return com.google.rpc.Status.newBuilder()
                .setCode(code.value())
                .setMessage(message)
                .addDetails(Any.pack(ErrorInfo.newBuilder().setReason(reason).build()))
                .build();
    }
}
