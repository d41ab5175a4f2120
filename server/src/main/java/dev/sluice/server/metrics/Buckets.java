// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.metrics;

import java.time.Duration;
import java.util.stream.DoubleStream;

/**
 * Upper bounds of histogram buckets.
 *
 * <p>Source: operations.md section 4.3, sets L, Q, D and B.
 */
final class Buckets {
    private static final double[] LATENCY_SECONDS = {
        .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60
    };
    private static final double[] QUEUE_SECONDS = {
        .0001, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10
    };

    private static final double[] LOAD_SECONDS = {.1, .5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600};

    private Buckets() {}

    static Duration[] latency() {
        return durations(LATENCY_SECONDS);
    }

    static Duration[] queue() {
        return durations(QUEUE_SECONDS);
    }

    static Duration[] load() {
        return durations(LOAD_SECONDS);
    }

    /** Powers of two, 1 to 512. */
    static double[] batch() {
        return DoubleStream.iterate(1, size -> size <= 512, size -> size * 2).toArray();
    }

    private static Duration[] durations(double[] seconds) {
        return DoubleStream.of(seconds)
                .mapToObj(second -> Duration.ofNanos(Math.round(second * 1e9)))
                .toArray(Duration[]::new);
    }
}
