// SPDX-License-Identifier: Apache-2.0
package dev.sluice.scheduling;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.inference.Ticker;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class SchedulingTimerTest {
    /** Seen to fail without a guard around the round: the thread was gone, and no timer of the process ever fired again. */
    @Test
    void goesOnAfterARoundThatHadNoMemory() throws Exception {
        AtomicInteger failures = new AtomicInteger();
        Thread test = Thread.currentThread();
        SchedulingTimer timer = new SchedulingTimer(() -> {
            if (Thread.currentThread() != test && failures.incrementAndGet() <= 3) {
                throw new OutOfMemoryError("planned");
            }
            return Ticker.system().nanos();
        });
        CountDownLatch fired = new CountDownLatch(1);
        timer.wheel()
                .schedule(
                        new Timer() {
                            @Override
                            void fire() {
                                fired.countDown();
                            }
                        },
                        Ticker.system().nanos() + Duration.ofMillis(5).toNanos());

        assertThat(fired.await(10, TimeUnit.SECONDS)).isTrue();
        assertThat(failures.get()).isGreaterThan(3);
    }
}
