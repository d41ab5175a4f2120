// SPDX-License-Identifier: Apache-2.0
package dev.sluice.inference;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class CancellationTest {
    private final AtomicInteger heard = new AtomicInteger();

    @Test
    void tellsThoseWhoListenedOnceHoweverOftenItIsCancelled() {
        Cancellation cancellation = new Cancellation();
        cancellation.onCancel(heard::incrementAndGet);
        cancellation.onCancel(heard::incrementAndGet);
        assertThat(cancellation.isCancelled()).isFalse();
        assertThat(heard).hasValue(0);

        cancellation.cancel();
        cancellation.cancel();
        assertThat(cancellation.isCancelled()).isTrue();
        assertThat(heard).hasValue(2);
    }

    @Test
    void tellsThoseWhoListenTooLateAtOnce() {
        Cancellation cancellation = new Cancellation();
        cancellation.cancel();
        cancellation.onCancel(heard::incrementAndGet);

        assertThat(heard).hasValue(1);
    }

    /** Planted: run() without its guard. */
    @Test
    void aListenerThatThrowsKeepsNoOtherFromHearing() {
        Cancellation cancellation = new Cancellation();
        cancellation.onCancel(heard::incrementAndGet);
        cancellation.onCancel(() -> {
            throw new IllegalStateException("broken");
        });
        cancellation.cancel();

        assertThat(heard).hasValue(1);
    }

    /** Planted: onCancel() that looks first and adds second; some were never told. */
    @Test
    void tellsEveryListenerOnceWhoeverIsFirst() throws Exception {
        for (int i = 0; i < 2000; i++) {
            Cancellation cancellation = new Cancellation();
            CyclicBarrier start = new CyclicBarrier(2);
            Thread canceller = new Thread(() -> {
                pass(start);
                cancellation.cancel();
            });
            canceller.start();
            pass(start);
            cancellation.onCancel(heard::incrementAndGet);
            canceller.join(10_000);
            assertThat(heard).hasValue(i + 1);
        }
    }

    private static void pass(CyclicBarrier barrier) {
        try {
            barrier.await(10, TimeUnit.SECONDS);
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }
}
