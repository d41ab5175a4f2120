// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.testing;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/**
 * Holds batches inside a model until the test lets them go: the way to know, without sleeping, that a batch is running.
 *
 * <p><b>Threads:</b> the model's threads pass, the test's thread waits and opens.
 */
public final class Gate {
    /** A test that hangs here has failed; this only ends it. */
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private final Semaphore arrivals = new Semaphore(0);
    private final CountDownLatch open = new CountDownLatch(1);

    /** Returns once {@code batches} more batches stand at the gate, or have passed it. */
    public void awaitArrivals(int batches) {
        try {
            if (!arrivals.tryAcquire(batches, PATIENCE.toMillis(), TimeUnit.MILLISECONDS)) {
                throw new AssertionError("arrivals: " + arrivals.availablePermits() + " (expected: " + batches + ")");
            }
        } catch (InterruptedException e) {
            throw interrupted(e);
        }
    }

    /** Lets all through, now and from now on. */
    public void open() {
        open.countDown();
    }

    void pass() {
        arrivals.release();
        try {
            if (!open.await(PATIENCE.toMillis(), TimeUnit.MILLISECONDS)) {
                throw new AssertionError("the test never opened the gate");
            }
        } catch (InterruptedException e) {
            throw interrupted(e);
        }
    }

    private static AssertionError interrupted(InterruptedException cause) {
        Thread.currentThread().interrupt();
        return new AssertionError("interrupted at the gate", cause);
    }
}
