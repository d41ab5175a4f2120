// SPDX-License-Identifier: Apache-2.0
package dev.sluice.inference;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
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
        int rounds = 200_000;
        AtomicReference<Cancellation> next = new AtomicReference<>();
        Thread canceller = new Thread(() -> {
            for (int i = 0; i < rounds; i++) {
                Cancellation cancellation = next.getAndSet(null);
                while (cancellation == null) {
                    Thread.onSpinWait();
                    cancellation = next.getAndSet(null);
                }
                cancellation.cancel();
            }
        });
        canceller.start();
        for (int i = 0; i < rounds; i++) {
            Cancellation cancellation = new Cancellation();
            next.set(cancellation);
            cancellation.onCancel(heard::incrementAndGet);
            while (next.get() != null) {
                Thread.onSpinWait();
            }
        }
        canceller.join(10_000);

        assertThat(heard).hasValue(rounds);
    }
}
