// SPDX-License-Identifier: Apache-2.0
package dev.sluice.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.HdrHistogram.Histogram;
import org.junit.jupiter.api.Test;

class LoadGeneratorTest {
    private static final long SECOND = TimeUnit.SECONDS.toNanos(1);

    /** Far from 0, since a ticker may start anywhere. */
    private final AtomicLong clock = new AtomicLong(Long.MAX_VALUE - SECOND);

    private final LoadGenerator generator = new LoadGenerator(clock::get, nanos -> {
        if (nanos - clock.get() > 0) {
            clock.set(nanos);
        }
    });

    @Test
    void sendsAtTheTimesOfTheArrivals() {
        long start = clock.get();
        List<Long> sentAt = new ArrayList<>();

        LoadReport report = generator.run(plan(100, Duration.ofSeconds(60)), ended -> {
            sentAt.add(clock.get() - start);
            ended.accept(Ending.ANSWERED);
        });

        PoissonArrivals expected = new PoissonArrivals(1000, 1);
        assertThat(sentAt).hasSize(100).allSatisfy(at -> assertThat(at).isEqualTo(expected.nextNanos()));
        assertThat(report.sent()).isEqualTo(100);
        assertThat(report.lateness().getMaxValue()).isZero();
    }

    /** The server stalls for a second at the first request; those that should have come meanwhile waited, and that counts. */
    @Test
    void countsLatencyFromTheIntendedTime() {
        AtomicLong toStall = new AtomicLong(SECOND);

        LoadReport report = generator.run(plan(500, Duration.ofSeconds(60)), ended -> {
            clock.addAndGet(toStall.getAndSet(0));
            ended.accept(Ending.ANSWERED);
        });

        // 500 arrivals at 1,000 a second are meant for the first half second, and all are sent after the stall.
        Histogram latency = report.latency(Ending.ANSWERED);
        assertThat(latency.getMaxValue() / 1e9).isEqualTo(1, within(0.01));
        assertThat(latency.getMinValue() / 1e9).isEqualTo(0.5, within(0.1));
        assertThat(report.lateness().getMaxValue() / 1e9).isEqualTo(1, within(0.01));
    }

    @Test
    void stopsSendingWhenItsTimeIsOver() {
        LoadReport report = generator.run(plan(Long.MAX_VALUE, Duration.ofSeconds(1)), ended -> {
            clock.addAndGet(SECOND / 10);
            ended.accept(Ending.ANSWERED);
        });

        assertThat(report.sent()).isEqualTo(10);
    }

    @Test
    void countsEachEndingApartAndWhatNeverEnds() {
        AtomicLong number = new AtomicLong();
        List<Ending> endings = List.of(Ending.values());

        LoadReport report = generator.run(plan(50, Duration.ofSeconds(60)), ended -> {
            int turn = (int) (number.getAndIncrement() % 5);
            if (turn < endings.size()) {
                ended.accept(endings.get(turn));
            }
        });

        assertThat(Ending.values())
                .allSatisfy(ending -> assertThat(report.count(ending)).isEqualTo(10));
        assertThat(report.lost()).isEqualTo(10);
        assertThat(report.doubled()).isZero();
    }

    @Test
    void countsOnlyTheFirstEndingOfARequest() {
        LoadReport report = generator.run(plan(50, Duration.ofSeconds(60)), ended -> {
            ended.accept(Ending.REFUSED);
            ended.accept(Ending.ANSWERED);
        });

        assertThat(report.count(Ending.REFUSED)).isEqualTo(50);
        assertThat(report.count(Ending.ANSWERED)).isZero();
        assertThat(report.doubled()).isEqualTo(50);
    }

    @Test
    void dividesAnswersByTheTimeToTheLastEnding() {
        LoadReport report = generator.run(plan(1, Duration.ofSeconds(60)), ended -> {
            clock.addAndGet(2 * SECOND);
            ended.accept(Ending.ANSWERED);
        });

        assertThat(report.goodput()).isEqualTo(0.5, within(0.01));
    }

    private static LoadPlan plan(long count, Duration sending) {
        return new LoadPlan(1000, count, sending, Duration.ofSeconds(1), 1);
    }
}
