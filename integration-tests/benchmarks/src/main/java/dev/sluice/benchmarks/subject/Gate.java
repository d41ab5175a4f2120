// SPDX-License-Identifier: Apache-2.0
package dev.sluice.benchmarks.subject;

import dev.sluice.engine.Batch;
import dev.sluice.scheduling.RequestScheduler;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** An engine that hangs until it is let go. */
public final class Gate implements Work {
    private static final long LIMIT_SECONDS = 60;

    private final CountDownLatch entered = new CountDownLatch(1);
    private final CountDownLatch opened = new CountDownLatch(1);

    @Override
    public void run(Batch batch) {
        entered.countDown();
        await(opened);
    }

    /** Returns when a batch hangs. */
    public void awaitEntered() {
        await(entered);
    }

    /** Lets everything through, now and later. */
    public void open() {
        opened.countDown();
    }

    /** Makes the model's one instance hang, and its queue full. */
    public void fill(RequestScheduler scheduler) {
        scheduler.submit(Requests.patient(0), new EndingSink(ending -> {}));
        awaitEntered();
        while (scheduler.queue().remaining() > 0) {
            scheduler.submit(Requests.patient(0), new EndingSink(ending -> {}));
        }
    }

    private static void await(CountDownLatch latch) {
        try {
            if (!latch.await(LIMIT_SECONDS, TimeUnit.SECONDS)) {
                throw new IllegalStateException("gate: waited " + LIMIT_SECONDS + " s (expected: less)");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
