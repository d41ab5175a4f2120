// SPDX-License-Identifier: Apache-2.0
package dev.sluice.scheduling;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.model.AllowedSizes;
import dev.sluice.model.BatchSpec;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The latency target under load, on a clock that costs no time. The load is a share of what the target allows at most. */
class LatencyTargetLoadTest {
    private static final long MICRO = 1_000;
    private static final long MILLI = 1_000_000;
    private static final int MOST = 64;
    private static final int REQUESTS = 40_000;

    private static BatchSpec spec(long delayMillis, long targetMillis) {
        return new BatchSpec(MOST, Duration.ofMillis(delayMillis)).withLatencyTarget(Duration.ofMillis(targetMillis));
    }

    private static VirtualLoad.Engine engine(long alphaMicros, long betaMicros, int instances) {
        return new VirtualLoad.Engine(alphaMicros * MICRO, betaMicros * MICRO, instances);
    }

    /** Planted: the delay as given, whatever comes; no size tried that has not run yet, which refused most. */
    @ParameterizedTest
    @CsvSource({
        // alpha and beta in microseconds, instances, delay and target in ms
        "2000, 500, 1, 100, 50",
        "2000, 500, 3, 0, 50",
        "10000, 100, 1, 100, 60",
        "100, 1000, 1, 100, 20",
        "500, 20, 2, 100, 10",
        "50, 5, 1, 0, 5",
    })
    void meetsItsTargetAtFourFifthsOfTheLoad(long alpha, long beta, int instances, long delay, long target) {
        VirtualLoad.Engine engine = engine(alpha, beta, instances);
        double most = engine.throughput(engine.bestRows(target * MILLI, MOST));

        for (double share : new double[] {0.05, 0.3, 0.8}) {
            VirtualLoad.Result result = new VirtualLoad(engine, spec(delay, target), 1).run(REQUESTS, share * most);

            assertThat(result.refused()).isZero();
            assertThat(result.percentile(0.99))
                    .as("p99 at %s of the load", share)
                    .isLessThanOrEqualTo(target * MILLI);
        }
    }

    /** Planted: no size tried that has not run yet; sizes of which one batch fits instead of two. */
    @ParameterizedTest
    @CsvSource({"2000, 500, 1, 50", "10000, 100, 1, 60", "100, 1000, 1, 20", "500, 20, 2, 10", "50, 5, 1, 5"})
    void givesNoThroughputAway(long alpha, long beta, int instances, long target) {
        VirtualLoad.Engine engine = engine(alpha, beta, instances);
        double most = engine.throughput(engine.bestRows(target * MILLI, MOST));

        VirtualLoad.Result result = new VirtualLoad(engine, spec(100, target), 2).run(REQUESTS, 1.5 * most);

        assertThat(result.answeredPerNano()).isGreaterThan(0.9 * most);
        assertThat(result.meanRows()).isLessThan(1.1 * engine.bestRows(target * MILLI, MOST));
    }

    @Test
    void meetsItsTargetWithAllowedSizes() {
        VirtualLoad.Engine engine = engine(2000, 500, 1);
        BatchSpec sized = spec(100, 50).withSizes(AllowedSizes.of(1, 4, 16, 64));
        double most = engine.throughput(16);

        VirtualLoad.Result result = new VirtualLoad(engine, sized, 3).run(REQUESTS, 0.8 * most);

        assertThat(result.refused()).isZero();
        assertThat(result.percentile(0.99)).isLessThanOrEqualTo(50 * MILLI);
    }
}
