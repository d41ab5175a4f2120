// SPDX-License-Identifier: Apache-2.0
package dev.sluice.scheduling;

import dev.sluice.engine.IterationEngine;
import dev.sluice.engine.LoadedModel;
import dev.sluice.engine.ModelInstance;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.model.ModelId;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Objects;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One instance: it makes its context, warms it up, then takes a batch, runs it, hands out the answers, again and again until told
 * to stop. While it has nothing to do it has no thread. A failure of the engine fails its batch and nothing else: a context that is
 * lost, or that an {@link Error} may have broken, is closed and made anew, here, when its model says so; one that is worn, at once. An
 * instance whose call takes too long and cannot be ended is given up, and ends when the call does.
 *
 * <p><b>Threads:</b> {@link #run} is one carrier's at a time, {@link #runLent} that of who it was lent to, which {@link Carriage} sees to; the rest is safe from any thread.
 *
 * <p><b>Ownership:</b> makes and closes its {@link ModelInstance}; {@link #ready} fails after that, never before.
 */
final class Instance extends Taker implements Runnable, BatchRunner.Listener {
    private static final Logger LOG = LoggerFactory.getLogger(Instance.class);
    /** When to try again to get a carrier. */
    private static final long STARVED_NANOS = Duration.ofMillis(100).toNanos();

    private final Parts parts;
    private final Recovery recovery;
    private final int number;
    private final boolean isReplacement;
    private final Instant startedAt;
    private final long wantedNanos;
    private final Carriage carriage;
    private final CompletableFuture<Void> ready = new CompletableFuture<>();
    private final CompletableFuture<Void> ended = new CompletableFuture<>();

    /** Written by the threads that resize the pool and watch over calls, and by the carrier when it gives up. */
    private volatile boolean stopping;

    /** Written by who starts it, then by the carrier: its state in the original's word, for logs; empty before. */
    private volatile String loggedState = "";

    /** Written by the carrier: whether there is a context that can run batches. */
    private volatile boolean isUp;

    /** Written by the carrier: null until it is made and while it is to be made anew. */
    private volatile @Nullable ModelInstance context;

    /** The carrier's: what its context has in work, if that works step by step; null otherwise, and while there is none. */
    private @Nullable IterationLoop iterations;

    /** Whoever runs it: whether the context has to be made anew. */
    private boolean isBroken;

    /** Written by who makes it, then by the carrier: where its context, or the next one, finds its requests. */
    private volatile RequestQueue queue;

    /** Whoever runs it: whether the context ran anything. */
    private boolean hasServed;

    /** The carrier's: whether the context is not to be made before {@link Recovery#nextTryNanos}. */
    private boolean isToWait;

    /** Written by the carrier: of the process the context runs in; empty for this one. */
    private volatile OptionalLong processId = OptionalLong.empty();

    /** The carrier's: whether it ran a batch since it last looked how long to linger. */
    private boolean hasRun;

    /** The carrier's: until when to keep the carrier though there is nothing to do; null for not at all. */
    private @Nullable Long lingerUntilNanos;

    /**
     * What all instances of a version share.
     *
     * @param starts which of them are being made
     */
    record Parts(
            ModelId id,
            LoadedModel model,
            Queues queues,
            BatchRunner runner,
            SchedulingObserver observer,
            SchedulingThreads threads,
            InstantSource clock,
            Starts starts,
            Keeper keeper) {
        /** As TorchServe's worker threads are called in logs, with our instance number where it has a port. */
        String threadName(int number) {
            return "W-" + number + "-" + id.name() + "_" + id.version();
        }
    }

    /** What has to hear how an instance is. */
    interface Keeper {
        /** Its call takes too long and could not be ended; called on the timer's thread. */
        void hangs(Instance instance);

        /** It takes batches. */
        void isUp(Instance instance);

        /** Nobody should wait for it: a try to make it anew has failed, or none will be made. */
        void isDown(Instance instance);
    }

    /** @param isReplacement whether to try again when the context cannot be made, instead of failing for good */
    Instance(Parts parts, int number, boolean isReplacement, Instant startedAt) {
        this.parts = parts;
        this.queue = parts.queues().of(this);
        this.recovery = new Recovery(parts.model().restarts(), parts.threads().ticker());
        this.number = number;
        this.isReplacement = isReplacement;
        this.startedAt = startedAt;
        this.wantedNanos = parts.threads().ticker().nanos();
        this.carriage = new Carriage(parts.threads().carriers(), this);
    }

    /** Watched for by scripts, so worded as the original does. */
    private void logState(String next) {
        if (LOG.isDebugEnabled()) {
            String before = loggedState.isEmpty() ? "null" : loggedState;
            LOG.debug("{} State change {} -> {}", parts.threadName(number), before, next);
        }
        loggedState = next;
    }

    void start() {
        logState("WORKER_STARTED");
        try {
            carriage.wake();
        } catch (RuntimeException | Error e) {
            // The machine gives out no more threads.
            ready.completeExceptionally(asLoadFailure(e));
            ended.complete(null);
        }
    }

    /** Asks it to end after the batch it runs now, if any. */
    void stop() {
        stopping = true;
        wake();
    }

    @Override
    void wake() {
        try {
            carriage.wake();
        } catch (RuntimeException | Error e) {
            LOG.error("Instance {} of {} got no thread; it tries again", number, parts.id(), e);
            wakeAt(parts.threads().ticker().nanos() + STARVED_NANOS);
        }
    }

    private void wakeAt(long nanos) {
        Timer alarm = new Timer() {
            @Override
            void fire() {
                wake();
            }
        };
        parts.threads().timers().schedule(alarm, nanos);
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
        return new InstanceStatus(
                number,
                startedAt,
                isUp && !stopping,
                parts.model().isOnCards(),
                processId,
                !isUp && recovery.hasFailed());
    }

    RequestQueue queue() {
        return queue;
    }

    /** Whether nobody should wait for it. */
    boolean isDown() {
        return recovery.isDown();
    }

    /** When it is tried again, if it {@link #isDown}; {@link Recovery#NEVER} for not at all. */
    long nextTryNanos() {
        return recovery.nextTryNanos();
    }

    /** Carries it: does what there is to do, and ends when it rests. */
    @Override
    public void run() {
        Thread self = Thread.currentThread();
        String nameBefore = self.getName();
        self.setName(parts.threadName(number));
        carriage.arrive();
        try {
            do {
                workOff();
            } while (!carriage.rest());
        } catch (RuntimeException | Error e) {
            LOG.error("Instance {} of {} ended", number, parts.id(), e);
            stopping = true;
            end();
        } finally {
            self.setName(nameBefore);
        }
    }

    /** Returns when there is nothing to do. */
    private void workOff() {
        boolean hasMore = true;
        while (hasMore) {
            carriage.attend();
            if (iterations != null && !(stopping && iterations.isIdle())) {
                hasMore = iterate(iterations);
            } else if (stopping) {
                end();
                hasMore = false;
            } else if (isBroken) {
                isBroken = false;
                tryAnewLater();
            } else if (context != null) {
                hasMore = serve(context);
            } else {
                hasMore = makeContext();
            }
        }
    }

    private void end() {
        dropContext();
        parts.starts().over(this);
        logState("WORKER_SCALED_DOWN");
        if (!ready.isDone()) {
            ready.completeExceptionally(
                    new ServingException(ErrorCode.LOAD_FAILED, "The instance was stopped before it was ready"));
        }
        ended.complete(null);
    }

    /** @return whether there is something to do now */
    private boolean makeContext() {
        if (isToWait && !isTime()) {
            return false;
        }
        if (!parts.starts().begin(this)) {
            return false;
        }
        isToWait = false;
        try {
            open();
        } catch (Throwable e) {
            // Handlers in other languages than Java throw checked exceptions as well.
            LOG.error("Instance {} of {} could not be made", number, parts.id(), e);
            logState("WORKER_ERROR");
            if (ready.isDone() || isReplacement) {
                tryAnewLater();
            } else {
                dropContext();
                stopping = true;
                ready.completeExceptionally(asLoadFailure(e));
            }
        } finally {
            parts.starts().over(this);
        }
        return true;
    }

    private boolean isTime() {
        long at = recovery.nextTryNanos();
        return at != Recovery.NEVER && parts.threads().ticker().nanos() - at >= 0;
    }

    private void open() {
        ModelInstance made = parts.model().newInstance();
        context = made;
        processId = made.processId();
        hasServed = false;
        if (stopping) {
            return;
        }
        made.warmUp();
        if (made instanceof IterationEngine engine) {
            iterations = new IterationLoop(
                    engine, queue, parts.runner(), parts.threads().ticker());
        }
        made.onLoss(this::wake);
        recovery.up();
        queue.join(this);
        isUp = true;
        logState("WORKER_MODEL_LOADED");
        tellReady();
        parts.keeper().isUp(this);
        ready.complete(null);
    }

    private void tellReady() {
        try {
            long loadNanos = parts.threads().ticker().nanos() - wantedNanos;
            parts.observer().instanceReady(parts.id(), parts.threadName(number), loadNanos);
        } catch (RuntimeException | Error e) {
            LOG.error("The observer failed on instance {} of {}", number, parts.id(), e);
        }
    }

    private static ServingException asLoadFailure(Throwable e) {
        return e instanceof ServingException serving
                ? serving
                : new ServingException(ErrorCode.LOAD_FAILED, "The instance could not be started", e);
    }

    /** In the original's words where it says anything: scripts look for them. */
    private void tryAnewLater() {
        dropContext();
        if (stopping) {
            return;
        }
        parts.queues().contextGone(this);
        queue = parts.queues().of(this);
        logState("WORKER_STOPPED");
        long waitNanos = recovery.failed();
        isToWait = true;
        if (recovery.isFirst()) {
            LOG.info("Auto recovery start timestamp: {}", parts.clock().millis());
        } else {
            LOG.warn("Auto recovery failed again");
        }
        if (waitNanos == Recovery.NEVER) {
            LOG.error("Instance {} of {} is gone for good: its model wants no retry", number, parts.id());
        } else {
            LOG.info("Retry worker: {} in {} seconds.", number, seconds(waitNanos));
            if (waitNanos > 0) {
                wakeAt(recovery.nextTryNanos());
            }
            tellReplaced();
        }
        if (recovery.isDown()) {
            parts.keeper().isDown(this);
        }
    }

    private static String seconds(long nanos) {
        return BigDecimal.valueOf(nanos, 9).stripTrailingZeros().toPlainString();
    }

    private void tellReplaced() {
        try {
            parts.observer().instanceReplaced(parts.id());
        } catch (RuntimeException | Error e) {
            LOG.error("The observer failed on instance {} of {}", number, parts.id(), e);
        }
    }

    /** Makes the context anew at once, since it is worn. */
    private void exchange() {
        if (!hasServed) {
            LOG.error("Instance {} of {} was worn before it ran anything", number, parts.id());
            tryAnewLater();
            return;
        }
        LOG.info("Instance {} of {} has done its share and is made anew", number, parts.id());
        dropContext();
        parts.queues().exchanged(this);
        logState("WORKER_STOPPED");
    }

    private ModelInstance.Condition condition(ModelInstance of) {
        try {
            return of.condition();
        } catch (RuntimeException | Error e) {
            LOG.error("Instance {} of {} does not know how it is", number, parts.id(), e);
            return ModelInstance.Condition.LOST;
        }
    }

    private void dropContext() {
        isUp = false;
        queue.leave(this);
        ModelInstance dropped = context;
        context = null;
        iterations = null;
        try {
            if (dropped != null) {
                dropped.close();
            }
        } catch (Throwable e) {
            LOG.error("Instance {} of {} could not be closed", number, parts.id(), e);
        } finally {
            processId = OptionalLong.empty();
        }
    }

    /** @return whether there is something to do now */
    private boolean serve(ModelInstance with) {
        try {
            ModelInstance.Condition condition = condition(with);
            if (condition == ModelInstance.Condition.LOST) {
                isBroken = true;
                return true;
            }
            if (condition == ModelInstance.Condition.WORN && parts.queues().mayExchange(this)) {
                exchange();
                return true;
            }
            Formation next = queue.form(this);
            if (next instanceof Formation.Formed batch) {
                run(with, batch);
                hasRun = true;
                if (queue.mayRunOnCaller(batch)) {
                    // It can be lent only while it rests.
                    hasRun = false;
                    lingerUntilNanos = null;
                }
                return true;
            }
            return pause(((Formation.Sleep) next).untilNanos());
        } catch (RuntimeException | Error e) {
            // An instance that died now would leave requests waiting for nobody.
            LOG.error("Instance {} of {} goes on after a fault between batches", number, parts.id(), e);
            return true;
        }
    }

    /** @return whether there is something to do now */
    private boolean iterate(IterationLoop loop) {
        try {
            boolean takesMore = !stopping;
            ModelInstance.Condition condition = condition(Objects.requireNonNull(context, "context"));
            if (condition == ModelInstance.Condition.LOST) {
                loop.lose();
                tryAnewLater();
                return true;
            }
            if (condition == ModelInstance.Condition.WORN && parts.queues().mayExchange(this)) {
                if (loop.isIdle()) {
                    exchange();
                    return true;
                }
                // It leaves when what it has in work is over; the others go on.
                takesMore = false;
                queue.leave(this);
            }
            Formation.Sleep sleep = loop.round(takesMore ? this : null, this);
            if (sleep != null) {
                return pause(sleep.untilNanos());
            }
            hasRun = true;
            noteServed(Objects.requireNonNull(context, "context"));
        } catch (IterationLoop.StepFailure e) {
            LOG.error("A step of instance {} of {} failed", number, parts.id(), e.getCause());
            if (!e.leavesItSound()) {
                tryAnewLater();
            }
        } catch (RuntimeException | Error e) {
            // As between batches.
            LOG.error("Instance {} of {} goes on after a fault between steps", number, parts.id(), e);
        }
        return true;
    }

    private void run(ModelInstance with, Formation.Formed batch) {
        isBroken = !parts.runner().run(with, batch, this);
        if (!isBroken) {
            noteServed(with);
        }
    }

    private void noteServed(ModelInstance by) {
        hasServed = true;
        if (condition(by) != ModelInstance.Condition.LOST) {
            recovery.ran();
        }
    }

    @Override
    public void hangs() {
        parts.keeper().hangs(this);
    }

    @Override
    public void answersLast() {
        if (queue.takesOnlyIfIdle() && !isUnfit()) {
            queue.announce(this);
        }
    }

    @Override
    boolean lend() {
        if (!carriage.lend()) {
            return false;
        }
        ModelInstance lent = context;
        if (lent != null && condition(lent) == ModelInstance.Condition.FIT) {
            return true;
        }
        // The carrier sees to that.
        giveBack();
        return false;
    }

    @Override
    void runLent(Formation.Formed batch) {
        try {
            run(Objects.requireNonNull(context, "context"), batch);
        } catch (RuntimeException | Error e) {
            // Not the caller's: its request was taken, and has its answer.
            LOG.error("Instance {} of {} goes on after a fault in a lent batch", number, parts.id(), e);
        } finally {
            // Contexts are closed, and made anew, on a carrier: that may take long.
            boolean hasMore = isBroken || isUnfit() || queue.over(this);
            carriage.giveBack();
            if (hasMore || carriage.isWoken()) {
                wake();
            }
        }
    }

    private boolean isUnfit() {
        ModelInstance used = context;
        return used == null || condition(used) != ModelInstance.Condition.FIT;
    }

    @Override
    void giveBack() {
        carriage.giveBack();
        wake();
    }

    /** @return whether to go on on this carrier */
    private boolean pause(long untilNanos) {
        if (Thread.interrupted()) {
            // Instances are stopped by stop() alone: this is left over from code a batch ran, and would keep it from
            // sleeping.
            LOG.warn("Instance {} of {} was interrupted and goes on", number, parts.id());
        }
        long now = parts.threads().ticker().nanos();
        if (untilNanos != TimerWheel.NEVER) {
            carriage.pause(untilNanos - now);
            return true;
        }
        if (hasRun) {
            hasRun = false;
            lingerUntilNanos = now + parts.threads().lingerNanos();
        }
        if (lingerUntilNanos == null || lingerUntilNanos - now <= 0) {
            lingerUntilNanos = null;
            return false;
        }
        carriage.pause(lingerUntilNanos - now);
        return true;
    }
}
