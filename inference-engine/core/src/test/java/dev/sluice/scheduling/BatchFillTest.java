// SPDX-License-Identifier: Apache-2.0
package dev.sluice.scheduling;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.fixture.Numbers;
import dev.sluice.fixture.RecordingSink;
import dev.sluice.inference.Cancellation;
import dev.sluice.inference.RequestContext;
import dev.sluice.model.AllowedSizes;
import dev.sluice.model.ModelRef;
import java.util.Set;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class BatchFillTest {
    private static final long MILLI = 1_000_000;

    /** Batches take {@code alpha} ms and {@code beta} ms more for each row. */
    private static ServiceTimes times(long alpha, long beta) {
        ServiceTimes times = new ServiceTimes();
        for (int rows = 1; rows <= 64; rows++) {
            times.add(rows, (alpha + beta * rows) * MILLI);
        }
        return times;
    }

    private static int filled(AllowedSizes sizes, ServiceTimes times, int waiting) {
        BatchFill fill = new BatchFill(sizes, times, 64, waiting, 0);
        int rows = 1;
        while (rows < waiting && !fill.isBestAt(rows, 1)) {
            rows++;
        }
        return rows;
    }

    /** Planted: the time of a batch instead of its time by the row; all of the first were 8. */
    @Test
    void sendsFewerRowsWhenMostOfTheNextSizeWouldBePadding() {
        AllowedSizes sizes = AllowedSizes.of(1, 8, 64);

        assertThat(filled(sizes, times(1, 1), 9)).isEqualTo(8);
        assertThat(filled(sizes, times(1, 1), 60)).isEqualTo(60);
        assertThat(filled(sizes, times(1000, 1), 9)).isEqualTo(9);
        assertThat(filled(sizes, times(1, 1), 2)).isEqualTo(1);
    }

    @Test
    void takesAllWhereAnySizeWillDoOrNothingHasRunYet() {
        assertThat(filled(AllowedSizes.ANY, times(0, 1), 9)).isEqualTo(9);
        assertThat(filled(AllowedSizes.of(1, 8, 64), new ServiceTimes(), 9)).isEqualTo(9);
    }

    /** Planted: each size taken to be full, whatever waits. */
    @Property
    void costsNoMoreByTheRowThanAnyOtherNumberOfRows(
            @ForAll @Size(min = 1, max = 5) Set<@IntRange(min = 1, max = 64) Integer> any,
            @ForAll @IntRange(max = 50) int alpha,
            @ForAll @IntRange(min = 1, max = 10) int beta,
            @ForAll @IntRange(min = 1, max = 64) int rows) {
        AllowedSizes sizes = new AllowedSizes(any.stream().sorted().toList());
        int waiting = Math.min(rows, sizes.largest());

        int filled = filled(sizes, times(alpha, beta), waiting);

        double cost = cost(sizes, alpha, beta, filled);
        for (int other = 1; other <= waiting; other++) {
            assertThat(cost).isLessThanOrEqualTo(cost(sizes, alpha, beta, other) * 1.0001);
        }
    }

    private static double cost(AllowedSizes sizes, int alpha, int beta, int rows) {
        return (alpha + (double) beta * sizes.holding(rows)) / rows;
    }

    /** Planted: only the time of the batch that goes before. */
    @Test
    void letsWaitOnlyWhoHasTheTimeForOneMoreBatch() {
        BatchFill fill = new BatchFill(AllowedSizes.of(1, 8), times(1, 1), 8, 9, 0);

        // 9 ms for eight, 2 ms for one, and a tick of the timer.
        assertThat(fill.canWait(pending(11 * MILLI + TimerWheel.TICK_NANOS), 8)).isTrue();
        assertThat(fill.canWait(pending(11 * MILLI), 8)).isFalse();
        assertThat(fill.canWait(pending(RequestContext.NO_DEADLINE), 8)).isTrue();
    }

    private static PendingRequest pending(long deadline) {
        PendingRequest.Owner owner = new PendingRequest.Owner() {
            @Override
            public void left(PendingRequest request) {}

            @Override
            public void answeredTwice() {}
        };
        return new PendingRequest(
                owner,
                new Numbers(ModelRef.of("m")).request(1, new Cancellation(), deadline),
                new RecordingSink(),
                0,
                new PendingRequest.Traits(1, 4, ShapeKey.CONTENT, 0, false, deadline));
    }
}
