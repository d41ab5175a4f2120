// SPDX-License-Identifier: Apache-2.0
package dev.sluice.scheduling;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.model.BatchSpec;
import dev.sluice.scheduling.BatchPolicy.Decision;
import dev.sluice.scheduling.BatchPolicy.QueueFacts;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class LatencyTargetPolicyTest {
    private static final long MILLI = 1_000_000;

    private final LatencyTargetPolicy policy =
            new LatencyTargetPolicy(new BatchSpec(16, Duration.ofMillis(50)), Duration.ofMillis(20));

    @Test
    void allowsTheLargestBatchBeforeItKnowsHowLongBatchesTake() {
        assertThat(policy.fullRows()).isEqualTo(16);
        assertThat(policy.decide(new QueueFacts(16, 0), 0)).isEqualTo(new Decision.Close(16));
    }

    /** Planted: one batch time against the target instead of two; the size was 16. */
    @Test
    void sizesBatchesSoThatTwoFitIntoTheTarget() {
        // 2 ms and 1 ms a row: 8 rows take 10 ms.
        for (int rows = 1; rows <= 16; rows++) {
            policy.executed(rows, (2 + rows) * MILLI);
        }

        assertThat(policy.fullRows()).isEqualTo(8);
        assertThat(policy.decide(new QueueFacts(12, 0), 0)).isEqualTo(new Decision.Close(8));
    }

    @Test
    void runsSingleRowsWhenEvenTwoOfThoseDoNotFit() {
        policy.executed(1, 500 * MILLI);

        assertThat(policy.fullRows()).isEqualTo(1);
        assertThat(policy.decide(new QueueFacts(3, 0), 0)).isEqualTo(new Decision.Close(1));
    }

    /** Planted: the whole delay, whatever is left of the target. */
    @Test
    void waitsNoLongerThanTheTargetLeavesForComputing() {
        policy.executed(1, 3 * MILLI);
        policy.executed(2, 3 * MILLI);

        assertThat(policy.decide(new QueueFacts(1, 100), 100)).isEqualTo(new Decision.WaitUntil(100 + 17 * MILLI));
        assertThat(policy.decide(new QueueFacts(1, 100), 100 + 17 * MILLI)).isEqualTo(new Decision.Close(1));
    }
}
