// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.protocol.torchserve.rest;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.server.protocol.Rejection;
import dev.sluice.server.protocol.RestResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

final class TorchServeErrorsTest {
    private final TorchServeErrors errors = new TorchServeErrors();

    @ParameterizedTest
    @CsvSource({
        "INVALID_INPUT,400,BadRequestException",
        "MODEL_NOT_FOUND,404,ModelNotFoundException",
        "VERSION_NOT_FOUND,404,ModelVersionNotFoundException",
        "MODEL_UNAVAILABLE,503,ServiceUnavailableException",
        "OVERLOADED,503,ServiceUnavailableException",
        "DEADLINE_EXCEEDED,408,RequestTimeoutException",
        "CANCELLED,503,ServiceUnavailableException",
        "SHUTTING_DOWN,503,ServiceUnavailableException",
        "ALREADY_EXISTS,409,ConflictStatusException",
        "FAILED_PRECONDITION,403,InvalidModelVersionException",
        "SOURCE_NOT_FOUND,404,ModelNotFoundException",
        "INVALID_MODEL,400,InvalidModelException",
        "LOAD_FAILED,500,InternalServerException",
        "ENGINE_FAILED,503,InternalServerException",
        "OUT_OF_MEMORY,507,InternalServerException",
        "INTERNAL,500,InternalServerException"
    })
    void mapsFailure(ErrorCode code, int status, String type) {
        RestResponse response = errors.map("id", new ServingException(code, "say \"why\""));

        assertThat(response.status()).isEqualTo(status);
        assertThat(new String(response.body().toByteArray(), StandardCharsets.UTF_8))
                .isEqualTo("{\n  \"code\": " + status + ",\n  \"type\": \"" + type
                        + "\",\n  \"message\": \"say \\\"why\\\"\"\n}\n");
        boolean retry = code == ErrorCode.OVERLOADED || code == ErrorCode.SHUTTING_DOWN;
        assertThat(response.headers().contains(Map.entry("Retry-After", "1"))).isEqualTo(retry);
    }

    @ParameterizedTest
    @EnumSource
    void answersEveryRejectionButForMemoryWithClientError(Rejection rejection) {
        RestResponse response = errors.map("id", rejection, "detail");

        if (rejection == Rejection.OUT_OF_MEMORY) {
            assertThat(response.status()).isEqualTo(503);
            assertThat(response.headers()).contains(Map.entry("Retry-After", "1"));
        } else {
            assertThat(response.status()).isBetween(400, 499);
        }
        assertThat(response.headers()).contains(Map.entry("x-request-id", "id"));
    }

    /** Planted: seconds cut off instead of rounded up. */
    @ParameterizedTest
    @CsvSource({"1, 1", "1000, 1", "1001, 2", "2300, 3"})
    void tellsTheCallerToComeBackNoSoonerThanTheCoreSays(long millis, String seconds) {
        ServingException overloaded =
                new ServingException(ErrorCode.OVERLOADED, "Retry later.", Duration.ofMillis(millis));
        assertThat(errors.map("id", overloaded).headers()).contains(Map.entry("Retry-After", seconds));
    }
}
