// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.protocol.torchserve.rest;

import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.server.protocol.ErrorMapper;
import dev.sluice.server.protocol.Rejection;
import dev.sluice.server.protocol.RestResponse;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/**
 * Failures as TorchServe words them: status, {@code type} and {@code message}.
 *
 * <p><b>Source:</b> torchserve.md section 1.7.
 */
public final class TorchServeErrors implements ErrorMapper {
    private static final String UNKNOWN_RESOURCE = "Requested resource is not found, please refer to API document.";
    private static final String METHOD = "Requested method is not allowed, please refer to API document.";
    private static final String MALFORMED = "Invalid HTTP message.";

    private final boolean standardAuthStatus;

    /** With the original's statuses. */
    public TorchServeErrors() {
        this(false);
    }

    /** @param standardAuthStatus whether callers who may not call get 401 and 403, or the original's 400 */
    public TorchServeErrors(boolean standardAuthStatus) {
        this.standardAuthStatus = standardAuthStatus;
    }

    /** A status and the simple name of the exception the original throws for it. */
    private record Kind(int status, String type) {}

    @Override
    public RestResponse map(String requestId, ServingException failure) {
        Kind usual = kind(failure.code());
        if (standardAuthStatus && failure.code() == ErrorCode.UNAUTHENTICATED) {
            return reply(
                    requestId,
                    new Kind(401, usual.type()),
                    failure.safeMessage(),
                    List.of(Map.entry("WWW-Authenticate", "Bearer")));
        }
        int standard = standardAuthStatus && failure.code() == ErrorCode.PERMISSION_DENIED ? 403 : usual.status();
        Kind kind = new Kind(failure.handlerStatus().orElse(standard), usual.type());
        String message = failure.code() == ErrorCode.NOT_ALLOWED ? METHOD : failure.safeMessage();
        return reply(requestId, kind, message, retryAfter(failure));
    }

    private static Kind kind(ErrorCode code) {
        return switch (code) {
            case INVALID_INPUT -> new Kind(400, "BadRequestException");
            case MODEL_NOT_FOUND, SOURCE_NOT_FOUND -> new Kind(404, "ModelNotFoundException");
            case VERSION_NOT_FOUND, LABEL_NOT_FOUND -> new Kind(404, "ModelVersionNotFoundException");
            case MODEL_UNAVAILABLE, OVERLOADED, SHUTTING_DOWN, CANCELLED ->
                new Kind(503, "ServiceUnavailableException");
            case DEADLINE_EXCEEDED -> new Kind(408, "RequestTimeoutException");
            case ALREADY_EXISTS -> new Kind(409, "ConflictStatusException");
            case FAILED_PRECONDITION -> new Kind(403, "InvalidModelVersionException");
            case NOT_ALLOWED -> new Kind(405, "MethodNotAllowedException");
            case UNAUTHENTICATED, PERMISSION_DENIED -> new Kind(400, "InvalidKeyException");
            case DOWNLOAD_FAILED -> new Kind(400, "DownloadArchiveException");
            case INVALID_MODEL -> new Kind(400, "InvalidModelException");
            case HANDLER_REFUSED -> new Kind(500, "InternalServerException");
            case ENGINE_FAILED -> new Kind(503, "InternalServerException");
            case INSTANCE_DIED -> new Kind(500, "InternalServerException");
            case OUT_OF_MEMORY -> new Kind(507, "InternalServerException");
            case LOAD_FAILED, INTERNAL -> new Kind(500, "InternalServerException");
        };
    }

    /** Whole seconds, since the header has no finer unit: at least 1, and never sooner than the core says. */
    private static List<Map.Entry<String, String>> retryAfter(ServingException failure) {
        if (!isWorthRetrying(failure.code())) {
            return List.of();
        }
        Duration wait = failure.retryAfter().orElse(Duration.ofSeconds(1));
        long seconds = Math.max(1, wait.plusNanos(999_999_999).toSeconds());
        return List.of(Map.entry("Retry-After", Long.toString(seconds)));
    }

    private static boolean isWorthRetrying(ErrorCode code) {
        return switch (code) {
            case OVERLOADED, SHUTTING_DOWN -> true;
            case INVALID_INPUT,
                    MODEL_NOT_FOUND,
                    VERSION_NOT_FOUND,
                    LABEL_NOT_FOUND,
                    MODEL_UNAVAILABLE,
                    DEADLINE_EXCEEDED,
                    CANCELLED,
                    ALREADY_EXISTS,
                    FAILED_PRECONDITION,
                    NOT_ALLOWED,
                    UNAUTHENTICATED,
                    PERMISSION_DENIED,
                    DOWNLOAD_FAILED,
                    HANDLER_REFUSED,
                    SOURCE_NOT_FOUND,
                    INVALID_MODEL,
                    LOAD_FAILED,
                    ENGINE_FAILED,
                    INSTANCE_DIED,
                    OUT_OF_MEMORY,
                    INTERNAL -> false;
        };
    }

    @Override
    public RestResponse map(String requestId, Rejection rejection, String detail) {
        return switch (rejection) {
            case UNKNOWN_PATH ->
                reply(requestId, new Kind(404, "ResourceNotFoundException"), UNKNOWN_RESOURCE, List.of());
            case METHOD_NOT_ALLOWED -> reply(requestId, new Kind(405, "MethodNotAllowedException"), METHOD, List.of());
            case BODY_TOO_LARGE ->
                reply(
                        requestId,
                        new Kind(413, "RequestEntityTooLargeException"),
                        "Request too large: " + detail,
                        List.of());
            case HEAD_TOO_LARGE -> reply(requestId, new Kind(431, "BadRequestException"), with(detail), List.of());
            case MALFORMED -> reply(requestId, new Kind(400, "BadRequestException"), with(detail), List.of());
            case TIMED_OUT ->
                reply(requestId, new Kind(408, "RequestTimeoutException"), "Request too slow: " + detail, List.of());
            case UNSUPPORTED_ENCODING ->
                reply(requestId, new Kind(415, "BadRequestException"), with(detail), List.of());
            case NOT_ENCRYPTED ->
                Replies.status(requestId, 403, "This TorchServe instance only accepts HTTPS requests");
            case OUT_OF_MEMORY ->
                reply(
                        requestId,
                        new Kind(503, "ServiceUnavailableException"),
                        "Not enough memory for the request: " + detail,
                        List.of(Map.entry("Retry-After", "1")));
        };
    }

    private static String with(String detail) {
        return detail.isEmpty() ? MALFORMED : MALFORMED + " " + detail;
    }

    /** Any failure of one status, for the texts that only an endpoint knows. */
    static RestResponse internal(String requestId, int status, String message) {
        return reply(requestId, new Kind(status, "InternalServerException"), message, List.of());
    }

    private static RestResponse reply(
            String requestId, Kind kind, String message, List<Map.Entry<String, String>> headers) {
        return Replies.json(
                requestId,
                kind.status(),
                WireJson.object()
                        .put("code", kind.status())
                        .put("type", kind.type())
                        .put("message", message),
                headers);
    }
}
