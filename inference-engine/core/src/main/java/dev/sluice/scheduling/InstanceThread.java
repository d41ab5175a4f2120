// SPDX-License-Identifier: Apache-2.0
package dev.sluice.scheduling;

import dev.sluice.engine.LoadedModel;
import dev.sluice.engine.ModelInstance;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.inference.Ticker;
import dev.sluice.model.ModelId;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One instance and the thread it is confined to: make it, warm it up, then take a batch, run it, hand out the answers, again
 * and again until told to stop. A failure of the engine fails its batch and nothing else: an instance that an {@link Error} may
 * have broken is closed and made anew, here; one whose call takes too long is given up, and its thread ends when the call does.
 *
 * <p><b>Ownership:</b> makes and closes its {@link ModelInstance}; {@link #ready} fails after that, never before.
 */
final class InstanceThread extends Taker implements Runnable {
    private static final Logger LOG = LoggerFactory.getLogger(InstanceThread.class);
    private static final long FIRST_BACKOFF_NANOS = Duration.ofMillis(100).toNanos();
    private static final long LAST_BACKOFF_NANOS = Duration.ofSeconds(30).toNanos();

    /** Longest sleep between two looks at the clock while an instance is to be made anew. */
    private static final long LONGEST_SLEEP_NANOS = Duration.ofMillis(50).toNanos();

    private final Parts parts;
    private final int number;
    private final boolean isReplacement;
    private final Instant startedAt;
    private final Thread thread;
    private final CompletableFuture<Void> ready = new CompletableFuture<>();
    private final CompletableFuture<Void> ended = new CompletableFuture<>();

    /** Written by the threads that resize the pool and watch over calls; read by this one between batches. */
    private volatile boolean stopping;

    /**
     * Set by those that wake, cleared by this thread before it asks for a batch. The permit of {@link LockSupport#unpark} alone
     * would not do: waiting for a lock may use it up.
     */
    private volatile boolean isWoken;

    /** Written by this thread: whether there is an instance that can run batches. */
    private volatile boolean isUp;

    /** Confined to this thread: how long to wait before the next try to make an instance. */
    private long backoffNanos;

    /**
     * What all instances of a version share.
     *
     * @param onHang called on the timer's thread when a call of an instance takes too long
     */
    record Parts(
            ModelId id,
            LoadedModel model,
            RequestQueue queue,
            BatchRunner runner,
            SchedulingObserver observer,
            Ticker ticker,
            Consumer<InstanceThread> onHang) {}

    /** @param isReplacement whether to try again when the instance cannot be made, instead of failing for good */
    InstanceThread(Parts parts, int number, boolean isReplacement, Instant startedAt) {
        this.parts = parts;
        this.number = number;
        this.isReplacement = isReplacement;
        this.startedAt = startedAt;
        ModelId id = parts.id();
        // The name TorchServe's worker threads have in logs, with our instance number where it has a port.
        this.thread = new Thread(this, "W-" + number + "-" + id.name() + "_" + id.version());
        thread.setDaemon(true);
    }

    void start() {
        try {
            thread.start();
        } catch (OutOfMemoryError e) {
            // The machine gives out no more threads.
            ready.completeExceptionally(asLoadFailure(e));
            ended.complete(null);
        }
    }

    /** Asks the thread to end after the batch it runs now, if any. */
    void stop() {
        stopping = true;
        wake();
    }

    @Override
    void wake() {
        isWoken = true;
        LockSupport.unpark(thread);
    }

    /** Completes when the instance takes batches, or fails with why it never will. */
    CompletionStage<Void> ready() {
        return ready.minimalCompletionStage();
    }

    /** Completes when the instance has been closed. */
    CompletionStage<Void> ended() {
        return ended.minimalCompletionStage();
    }

    InstanceStatus status() {
        return new InstanceStatus(number, startedAt, isUp && !stopping);
    }

    @Override
    public void run() {
        try {
            while (!stopping) {
                liveOnce();
            }
        } catch (RuntimeException | Error e) {
            LOG.error("Instance {} of {} ended", number, parts.id(), e);
            ready.completeExceptionally(asLoadFailure(e));
        } finally {
            if (!ready.isDone()) {
                ready.completeExceptionally(
                        new ServingException(ErrorCode.LOAD_FAILED, "The instance was stopped before it was ready"));
            }
            ended.complete(null);
        }
    }

    /** Makes the instance and uses it until it breaks or is told to stop. */
    private void liveOnce() {
        try (ModelInstance instance = parts.model().newInstance()) {
            if (!stopping) {
                instance.warmUp();
                parts.queue().join(this);
                isUp = true;
                ready.complete(null);
                serve(instance);
            }
        } catch (RuntimeException | Error e) {
            if (!ready.isDone() && !isReplacement) {
                throw e;
            }
            LOG.error("Instance {} of {} could not be made or closed", number, parts.id(), e);
        } finally {
            isUp = false;
            parts.queue().leave(this);
        }
        if (!stopping) {
            parts.observer().instanceReplaced(parts.id());
            backOff();
        }
    }

    private static ServingException asLoadFailure(Throwable e) {
        return e instanceof ServingException serving
                ? serving
                : new ServingException(ErrorCode.LOAD_FAILED, "The instance could not be started", e);
    }

    /** Returns when the instance must not be used any more. */
    private void serve(ModelInstance instance) {
        boolean isSound = true;
        while (isSound && !stopping) {
            try {
                isWoken = false;
                Formation next = parts.queue().form(this);
                if (next instanceof Formation.Formed batch) {
                    isSound = parts.runner()
                            .run(instance, batch, () -> parts.onHang().accept(this));
                    backoffNanos = isSound ? 0 : backoffNanos;
                } else {
                    sleep(((Formation.Sleep) next).untilNanos());
                }
            } catch (RuntimeException | Error e) {
                // An instance that died now would leave requests waiting for nobody.
                LOG.error("Instance {} of {} goes on after a fault between batches", number, parts.id(), e);
            }
        }
    }

    private void sleep(long untilNanos) {
        if (Thread.interrupted()) {
            // Instances are stopped by stop() alone: this is left over from code a batch ran, and would keep it from
            // sleeping.
            LOG.warn("Instance {} of {} was interrupted and goes on", number, parts.id());
        }
        if (isWoken || stopping) {
            return;
        }
        if (untilNanos == TimerWheel.NEVER) {
            LockSupport.park(this);
        } else {
            LockSupport.parkNanos(this, untilNanos - parts.ticker().nanos());
        }
    }

    private void backOff() {
        long until = parts.ticker().nanos() + backoffNanos;
        backoffNanos = Math.min(Math.max(FIRST_BACKOFF_NANOS, 2 * backoffNanos), LAST_BACKOFF_NANOS);
        long left = until - parts.ticker().nanos();
        while (!stopping && left > 0) {
            LockSupport.parkNanos(this, Math.min(left, LONGEST_SLEEP_NANOS));
            left = until - parts.ticker().nanos();
        }
    }
}
