// SPDX-License-Identifier: Apache-2.0
package dev.sluice.scheduling;

import dev.sluice.engine.LoadedModel;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.model.ModelId;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The instances of one model version: those that serve, and those that left but are still in a call of the model. One whose call
 * takes too long and cannot be ended leaves and is replaced; its memory is not touched before its call returns, and when too many calls
 * hang there is no replacement until one has returned. While that leaves no instance at all, or none but such that were tried again in
 * vain, requests are refused. How many are wanted is remembered through all that: it changes by {@link #resize} alone, and back by as
 * many as it asked for in vain.
 *
 * <p><b>Threads:</b> safe from any thread; {@link #resize} by one at a time.
 */
final class InstancePool implements Instance.Keeper {
    /** Most calls of one version that may hang while their instances are replaced: each keeps its memory and its thread. */
    static final int MOST_HANGING = 4;

    private static final Logger LOG = LoggerFactory.getLogger(InstancePool.class);

    private final Instance.Parts parts;
    private final InstantSource clock;

    /** Guarded by itself; oldest first. */
    private final List<Instance> instances = new ArrayList<>();

    /** Guarded by {@link #instances}: those told to stop that are still in a call of the model. */
    private final Set<Instance> leaving = new HashSet<>();

    /** Guarded by {@link #instances}: those of the leaving whose call took too long. */
    private final Set<Instance> hanging = new HashSet<>();

    /** Guarded by {@link #instances}: how many there are to be; fewer are there while too many calls hang. */
    private int wanted;

    /** Guarded by {@link #instances}: what requests are refused with, since no instance is left; null if they are not. */
    private @Nullable ServingException suspension;

    /** Guarded by {@link #instances}. */
    private int lastNumber;

    InstancePool(
            ModelId id,
            LoadedModel model,
            Queues queues,
            BatchRunner runner,
            SchedulingObserver observer,
            SchedulingThreads threads,
            InstantSource clock) {
        Starts starts = new Starts(model.startsAtOnce());
        this.parts = new Instance.Parts(id, model, queues, runner, observer, threads, clock, starts, this);
        this.clock = clock;
    }

    /** As {@link BatchingScheduler#resize}. */
    CompletionStage<Void> resize(int count) {
        List<CompletableFuture<Void>> pending = new ArrayList<>();
        List<Instance> started = new ArrayList<>();
        List<Instance> stopped = new ArrayList<>();
        synchronized (instances) {
            int before = wanted;
            wanted = count;
            while (instances.size() > count) {
                Instance newest = instances.remove(instances.size() - 1);
                leaving.add(newest);
                stopped.add(newest);
            }
            (count == 0 ? leaving : stopped)
                    .forEach(each -> pending.add(each.ended().toCompletableFuture()));
            while (instances.size() < count) {
                Instance added = add(false);
                started.add(added);
                pending.add(readyOrRemoved(added, before));
            }
        }
        stopped.forEach(each -> {
            parts.queues().instanceGone(each);
            each.stop();
        });
        started.forEach(Instance::start);
        return CompletableFuture.allOf(pending.toArray(CompletableFuture[]::new))
                .minimalCompletionStage();
    }

    /** One more, to be started when the lock is free. */
    private Instance add(boolean isReplacement) {
        lastNumber++;
        Instance instance = new Instance(parts, lastNumber, isReplacement, clock.instant());
        instances.add(instance);
        CompletionStage<Void> unused = instance.ended().thenRun(() -> ended(instance));
        return instance;
    }

    /** Completes when {@code asked}, which was asked for when {@code before} were wanted, is ready; fails after removing it. */
    private CompletableFuture<Void> readyOrRemoved(Instance asked, int before) {
        return asked.ready().toCompletableFuture().whenComplete((ready, failure) -> {
            if (failure != null) {
                failed(asked, before);
            }
        });
    }

    private void failed(Instance asked, int before) {
        Runnable rest;
        synchronized (instances) {
            if (!instances.remove(asked)) {
                // It was told to stop before, so nobody counts on it.
                return;
            }
            // Whoever asked for it hears of it, and it is not tried for ever; but those that were wanted before still
            // are.
            wanted = Math.max(Math.min(before, wanted), wanted - 1);
            rest = settle(false);
        }
        rest.run();
    }

    private void ended(Instance instance) {
        Runnable rest;
        synchronized (instances) {
            leaving.remove(instance);
            // Here still if it ended by a fault.
            instances.remove(instance);
            rest = settle(hanging.remove(instance));
        }
        parts.queues().instanceGone(instance);
        rest.run();
    }

    /** Gives {@code hung} up. */
    @Override
    public void hangs(Instance hung) {
        hung.queue().leave(hung);
        Runnable rest;
        synchronized (instances) {
            if (!instances.remove(hung)) {
                // It was told to stop before, so nobody counts on it.
                return;
            }
            leaving.add(hung);
            hanging.add(hung);
            if (hanging.size() > MOST_HANGING) {
                LOG.error("{} calls of {} hang; no more instances until one returns", hanging.size(), parts.id());
            }
            rest = settle(false);
        }
        parts.queues().instanceGone(hung);
        hung.stop();
        rest.run();
        parts.observer().instanceReplaced(parts.id());
    }

    @Override
    public void isDown(Instance instance) {
        Runnable rest;
        synchronized (instances) {
            rest = settle(false);
        }
        rest.run();
    }

    /**
     * Adds the instances that are missing, as far as the calls that hang let it, and refuses requests while that leaves none that
     * anybody should wait for. To be called whenever there is one less of those, under the lock.
     *
     * @param hasReturned whether there is also one less that hangs, so that one may be added however many still do
     * @return what is to follow when the lock is free
     */
    private Runnable settle(boolean hasReturned) {
        int most = hanging.size() <= MOST_HANGING ? wanted : Math.min(wanted, instances.size() + (hasReturned ? 1 : 0));
        List<Instance> added = new ArrayList<>();
        while (instances.size() < most) {
            added.add(add(true));
        }
        boolean isNobodyLeft = wanted > 0 && instances.stream().allMatch(Instance::isDown);
        if (!isNobodyLeft) {
            // Woken, not started: one that gets no thread then tries again.
            return () -> added.forEach(Instance::wake);
        }
        ServingException reason = instances.isEmpty() ? allHang(hanging.size()) : allDied();
        // Under the lock, lest it come after the end of the suspension.
        parts.queues().suspend(suspension, reason);
        suspension = reason;
        return () -> parts.queues().evict(reason);
    }

    /** There is an instance again. */
    @Override
    public void isUp(Instance ready) {
        synchronized (instances) {
            ServingException over = suspension;
            if (over != null && instances.contains(ready)) {
                suspension = null;
                // Under the lock, lest it come after the next suspension.
                parts.queues().resume(over);
                LOG.info("{} takes requests again", parts.id());
            }
        }
    }

    private ServingException allHang(int calls) {
        return ServingException.refusal(
                ErrorCode.MODEL_UNAVAILABLE,
                "Model \"" + parts.id().name() + "\" has no instance left: " + calls
                        + " calls take longer than its responseTimeout. It takes requests again when one of them returns.");
    }

    private ServingException allDied() {
        String all = "Model \"" + parts.id().name() + "\" has no worker left: all of them died. ";
        long now = parts.threads().ticker().nanos();
        long wait = Recovery.NEVER;
        for (Instance each : instances) {
            long at = each.nextTryNanos();
            wait = at == Recovery.NEVER ? wait : Math.min(wait, Math.max(0, at - now));
        }
        return wait == Recovery.NEVER
                ? ServingException.refusal(
                        ErrorCode.MODEL_UNAVAILABLE, all + "It is to be registered or scaled again; none is restarted.")
                : new ServingException(
                        ErrorCode.MODEL_UNAVAILABLE,
                        all + "It takes requests again when one is up.",
                        Duration.ofNanos(wait));
    }

    /** Rounds of starts that {@code count} instances need. */
    int startRounds(int count) {
        int most = parts.starts().most();
        return Math.max(1, count / most + (count % most == 0 ? 0 : 1));
    }

    /** The instances there are, oldest first. */
    List<InstanceStatus> statuses() {
        synchronized (instances) {
            return instances.stream().map(Instance::status).toList();
        }
    }
}
