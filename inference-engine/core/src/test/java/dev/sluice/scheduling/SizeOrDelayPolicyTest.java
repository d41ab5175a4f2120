// SPDX-License-Identifier: Apache-2.0
package dev.sluice.scheduling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.sluice.model.BatchSpec;
import dev.sluice.scheduling.BatchPolicy.Decision;
import dev.sluice.scheduling.BatchPolicy.QueueFacts;
import java.time.Duration;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SizeOrDelayPolicyTest {
    /** Sizes close a batch, delays as nanoseconds; an empty last column means "wait". */
    @ParameterizedTest
    @CsvSource({
        // max, delay, waiting, oldest, now, wait until, close with
        "4, 0, 1, 100, 100, , 1",
        "4, 0, 9, 100, 100, , 4",
        "1, 50, 1, 100, 100, , 1",
        "4, 50, 1, 100, 100, 150, ",
        "4, 50, 3, 100, 149, 150, ",
        "4, 50, 3, 100, 150, , 3",
        "4, 50, 3, 100, 999, , 3",
        "4, 50, 4, 100, 100, , 4",
        "4, 50, 5, 100, 100, , 4",
        // On a ticker that wraps between the two.
        "4, 50, 1, 9223372036854775800, 9223372036854775807, -9223372036854775766, ",
        "4, 50, 1, 9223372036854775800, -9223372036854775766, , 1",
    })
    void closesWhenFullOrOldEnough(int max, long delay, int waiting, long oldest, long now, Long until, Integer size) {
        SizeOrDelayPolicy policy = new SizeOrDelayPolicy(new BatchSpec(max, Duration.ofNanos(delay)));

        Decision decision = policy.decide(new QueueFacts(waiting, oldest), now);

        assertThat(decision).isEqualTo(size != null ? new Decision.Close(size) : new Decision.WaitUntil(until));
    }

    @Property
    void neverClosesMoreThanItMayAndNeverWaitsLongerThanTheDelay(
            @ForAll @IntRange(min = 1, max = 64) int max,
            @ForAll @LongRange(min = 0, max = 1L << 40) long delay,
            @ForAll @IntRange(min = 1, max = 200) int waiting,
            @ForAll long oldest,
            @ForAll @LongRange(min = 0, max = 1L << 41) long age) {
        SizeOrDelayPolicy policy = new SizeOrDelayPolicy(new BatchSpec(max, Duration.ofNanos(delay)));

        Decision decision = policy.decide(new QueueFacts(waiting, oldest), oldest + age);

        if (decision instanceof Decision.Close close) {
            assertThat(close.size()).isEqualTo(Math.min(waiting, max));
        } else {
            assertThat(waiting).isLessThan(max);
            assertThat(((Decision.WaitUntil) decision).nanos() - oldest)
                    .isEqualTo(delay)
                    .isGreaterThan(age);
        }
    }

    @Test
    void noDecisionClosesAnEmptyBatch() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new Decision.Close(0))
                .withMessage("size: 0 (expected: 1 or more)");
    }
}
