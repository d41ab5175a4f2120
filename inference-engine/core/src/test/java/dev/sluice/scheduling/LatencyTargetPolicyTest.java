// SPDX-License-Identifier: Apache-2.0
package dev.sluice.scheduling;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.inference.RequestContext;
import dev.sluice.model.AllowedSizes;
import dev.sluice.model.BatchSpec;
import dev.sluice.scheduling.BatchPolicy.Decision;
import dev.sluice.scheduling.BatchPolicy.QueueFacts;
import java.time.Duration;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;
import org.junit.jupiter.api.Test;

class LatencyTargetPolicyTest {
    private static final long MILLI = 1_000_000;
    private static final double PER_MILLI = 1e-6;

    private final LatencyTargetPolicy policy =
            new LatencyTargetPolicy(new BatchSpec(16, Duration.ofMillis(50)), Duration.ofMillis(20));

    private static QueueFacts facts(int waiting, long oldest, double rowsPerMilli) {
        return new QueueFacts(waiting, oldest, false, RequestContext.NO_DEADLINE, rowsPerMilli * PER_MILLI);
    }

    /** Planted: the largest size at once. */
    @Test
    void beginsWithOneRowAndFeelsItsWayUp() {
        assertThat(policy.fullRows()).isEqualTo(1);
        assertThat(policy.decide(new QueueFacts(16, 0), 0)).isEqualTo(new Decision.Close(1));

        policy.executed(1, 3 * MILLI);
        assertThat(policy.fullRows()).isEqualTo(2);

        policy.executed(2, 4 * MILLI);
        assertThat(policy.fullRows()).isEqualTo(8);
    }

    /** Planted: one batch time against the target instead of two; the size was 16. */
    @Test
    void sizesBatchesSoThatTwoFitIntoTheTarget() {
        // 2 ms and 1 ms a row: 8 rows take 10 ms.
        for (int rows = 1; rows <= 8; rows++) {
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

    /** Planted: the size above what fits; batches of 12 rows were padded to 16. */
    @Test
    void choosesAmongTheAllowedSizes() {
        AllowedSizes sizes = AllowedSizes.of(4, 8, 16);
        LatencyTargetPolicy sized =
                new LatencyTargetPolicy(new BatchSpec(16, Duration.ZERO).withSizes(sizes), Duration.ofMillis(28));
        assertThat(sized.fullRows()).isEqualTo(4);

        sized.executed(4, 6 * MILLI);
        assertThat(sized.fullRows()).isEqualTo(8);
        sized.executed(8, 10 * MILLI);

        assertThat(sized.fullRows()).as("12 rows would fit").isEqualTo(8);
    }

    /** Planted: the whole delay, whatever is left of the target. */
    @Test
    void waitsNoLongerThanTheTargetLeavesForComputing() {
        policy.executed(1, 8 * MILLI);
        policy.executed(2, 8 * MILLI);

        QueueFacts facts = facts(1, 100, 1);
        assertThat(policy.decide(facts, 100)).isEqualTo(new Decision.WaitUntil(100 + 12 * MILLI));
        assertThat(policy.decide(facts, 100 + 12 * MILLI)).isEqualTo(new Decision.Close(1));
    }

    /** Planted: each of the four conditions left out. */
    @Test
    void doesNotWaitForWhatDoesNotComeOrHelp() {
        policy.executed(1, 8 * MILLI);
        policy.executed(2, 8 * MILLI);

        assertThat(policy.decide(facts(1, 0, 0.05), 0)).as("too few come").isEqualTo(new Decision.Close(1));
        QueueFacts busy = new QueueFacts(1, 0, true, RequestContext.NO_DEADLINE, PER_MILLI);
        assertThat(policy.decide(busy, 0)).as("it has waited already").isEqualTo(new Decision.Close(1));
        QueueFacts late = new QueueFacts(1, 0, false, 0, PER_MILLI);
        assertThat(policy.decide(late, 0)).as("it has no time").isEqualTo(new Decision.Close(1));
        assertThat(policy.decide(facts(3, 0, 1), 0)).as("too many would wait").isEqualTo(new Decision.Close(3));
    }

    @Property
    void neverClosesMoreThanItMayNorWaitsLongerThanDelayAndTargetAllow(
            @ForAll @IntRange(min = 1, max = 64) int most,
            @ForAll @LongRange(max = 100) long delay,
            @ForAll @LongRange(min = 1, max = 200) long target,
            @ForAll @IntRange(min = 1, max = 64) int waiting,
            @ForAll long oldest,
            @ForAll long seed) {
        LatencyTargetPolicy any =
                new LatencyTargetPolicy(new BatchSpec(most, Duration.ofMillis(delay)), Duration.ofMillis(target));
        Random random = new Random(seed);
        for (int i = random.nextInt(300); i > 0; i--) {
            int rows = 1 + random.nextInt(any.fullRows());
            any.executed(rows, random.nextInt(50) * MILLI + rows);
            assertThat(any.fullRows()).isBetween(1, most);
        }
        QueueFacts facts = facts(Math.min(waiting, most), oldest, random.nextDouble() * 10);

        Decision decision = any.decide(facts, oldest);

        if (decision instanceof Decision.Close close) {
            assertThat(close.size()).isBetween(1, Math.min(any.fullRows(), facts.waiting()));
        } else {
            assertThat(((Decision.WaitUntil) decision).nanos() - oldest)
                    .isPositive()
                    .isLessThanOrEqualTo(Math.min(delay, target) * MILLI);
        }
    }
}
