// SPDX-License-Identifier: Apache-2.0
package dev.sluice.inference;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RequestContextTest {
    /** Planted: a comparison of the values instead of their difference, which the fourth row catches. */
    @ParameterizedTest
    @CsvSource({
        "100, 99, false",
        "100, 100, true",
        "100, 101, true",
        "-9223372036854775800, 9223372036854775800, false",
        "9223372036854775807, 9223372036854775807, false",
    })
    void expiresWhenItsDeadlineHasPassedAlsoOnATickerThatWraps(long deadline, long now, boolean expired) {
        RequestContext context = new RequestContext("id", "test", 0, deadline, Map.of(), new Cancellation());

        assertThat(context.isExpired(now)).isEqualTo(expired);
    }
}
