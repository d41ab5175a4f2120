// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.protocol.torchserve.grpc;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import io.grpc.Status;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** The tables of torchserve.md section 4.6. */
final class RefusalTest {
    @ParameterizedTest
    @EnumSource(ErrorCode.class)
    void hasStatusAndTextForEachFailure(ErrorCode code) {
        ServingException failure = code == ErrorCode.HANDLER_REFUSED
                ? ServingException.byHandler(418, "a sentence")
                : new ServingException(code, "a sentence");
        Refusal refusal = Refusal.ofPrediction(failure);
        Status.Code expected = switch (code) {
            case MODEL_NOT_FOUND,
                    VERSION_NOT_FOUND,
                    LABEL_NOT_FOUND,
                    SOURCE_NOT_FOUND,
                    MODEL_UNAVAILABLE,
                    OVERLOADED,
                    OUT_OF_MEMORY,
                    LOAD_FAILED,
                    INSTANCE_DIED,
                    INTERNAL -> Status.Code.INTERNAL;
            case INVALID_INPUT, INVALID_MODEL, DOWNLOAD_FAILED -> Status.Code.INVALID_ARGUMENT;
            case DEADLINE_EXCEEDED -> Status.Code.DEADLINE_EXCEEDED;
            case CANCELLED -> Status.Code.CANCELLED;
            case SHUTTING_DOWN, ENGINE_FAILED -> Status.Code.UNAVAILABLE;
            case ALREADY_EXISTS -> Status.Code.ALREADY_EXISTS;
            case FAILED_PRECONDITION, HANDLER_REFUSED -> Status.Code.FAILED_PRECONDITION;
            case NOT_ALLOWED, UNAUTHENTICATED, PERMISSION_DENIED -> Status.Code.PERMISSION_DENIED;
        };
        assertThat(refusal.status().getCode()).isEqualTo(expected);
        assertThat(refusal.status().getDescription())
                .isEqualTo("a sentence\n" + refusal.reason())
                .doesNotEndWith("\n");
        assertThat(refusal.asMessage().getCode()).isEqualTo(expected.value());
        assertThat(refusal.asMessage().getMessage()).isEqualTo("a sentence");
    }

    @ParameterizedTest
    @CsvSource({
        "400, INVALID_ARGUMENT",
        "401, UNAUTHENTICATED",
        "403, PERMISSION_DENIED",
        "404, NOT_FOUND",
        "409, ABORTED",
        "413, RESOURCE_EXHAUSTED",
        "429, RESOURCE_EXHAUSTED",
        "416, OUT_OF_RANGE",
        "499, CANCELLED",
        "501, UNIMPLEMENTED",
        "503, UNAVAILABLE",
        "504, DEADLINE_EXCEEDED",
        "418, FAILED_PRECONDITION",
        "500, INTERNAL",
        "507, INTERNAL",
        "302, UNKNOWN",
        "999, UNKNOWN"
    })
    void translatesWhatHandlersSay(int status, Status.Code code) {
        assertThat(Refusal.ofPrediction(ServingException.byHandler(status, "x")).code())
                .isEqualTo(code);
    }

    @ParameterizedTest
    @CsvSource({
        "400, BadRequestException, INVALID_ARGUMENT, org.pytorch.serve.http.BadRequestException",
        "400, DownloadArchiveException, INVALID_ARGUMENT, org.pytorch.serve.archive.DownloadArchiveException",
        "404, ModelNotFoundException, NOT_FOUND, org.pytorch.serve.archive.model.ModelNotFoundException",
        "409, ConflictStatusException, ALREADY_EXISTS, org.pytorch.serve.http.ConflictStatusException",
        "403, InvalidModelVersionException, FAILED_PRECONDITION,"
                + " org.pytorch.serve.archive.model.InvalidModelVersionException",
        "408, RequestTimeoutException, DEADLINE_EXCEEDED, org.pytorch.serve.http.RequestTimeoutException",
        "503, ServiceUnavailableException, UNAVAILABLE, org.pytorch.serve.http.ServiceUnavailableException",
        "500, InternalServerException, INTERNAL, org.pytorch.serve.http.InternalServerException",
        "507, InternalServerException, INTERNAL, org.pytorch.serve.http.InternalServerException"
    })
    void translatesWhatManagementSays(int status, String type, Status.Code code, String reason) {
        Refusal refusal = Refusal.ofManagement(status, type, "x");
        assertThat(refusal.code()).isEqualTo(code);
        assertThat(refusal.reason()).isEqualTo(reason);
    }
}
