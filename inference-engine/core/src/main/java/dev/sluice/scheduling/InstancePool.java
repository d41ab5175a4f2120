// SPDX-License-Identifier: Apache-2.0
package dev.sluice.scheduling;

import dev.sluice.engine.LoadedModel;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.model.ModelId;
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
 * takes too long leaves and is replaced; its memory is not touched before its call returns, and when too many calls hang there is
 * no replacement until one has returned. While that leaves no instance at all, requests are refused.
 *
 * <p><b>Threads:</b> safe from any thread; {@link #resize} by one at a time.
 */
final class InstancePool {
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

    /** Guarded by {@link #instances}: replacements that wait until a call returns. */
    private int owed;

    /** Guarded by {@link #instances}: what requests are refused with, since all instances hang; null if they are not. */
    private @Nullable ServingException suspension;

    /** Guarded by {@link #instances}. */
    private int lastNumber;

    InstancePool(
            ModelId id,
            LoadedModel model,
            RequestQueue queue,
            BatchRunner runner,
            SchedulingObserver observer,
            SchedulingThreads threads,
            InstantSource clock) {
        this.parts = new Instance.Parts(id, model, queue, runner, observer, threads, this::replace);
        this.clock = clock;
    }

    /** As {@link BatchingScheduler#resize}. */
    CompletionStage<Void> resize(int count) {
        List<CompletableFuture<Void>> pending = new ArrayList<>();
        synchronized (instances) {
            if (count == 0) {
                leaving.forEach(instance -> pending.add(instance.ended().toCompletableFuture()));
            }
            owed = 0;
            // Counted first: one that fails at once leaves the list again, and is not to be tried for ever.
            int missing = count - instances.size();
            for (int i = 0; i < missing; i++) {
                pending.add(startOne(false));
            }
            while (instances.size() > count) {
                pending.add(stopOne(instances.remove(instances.size() - 1)));
            }
        }
        return CompletableFuture.allOf(pending.toArray(CompletableFuture[]::new))
                .minimalCompletionStage();
    }

    private CompletableFuture<Void> startOne(boolean isReplacement) {
        lastNumber++;
        Instance instance = new Instance(parts, lastNumber, isReplacement, clock.instant());
        instances.add(instance);
        instance.start();
        return instance.ready().toCompletableFuture().whenComplete((ready, failure) -> {
            if (failure == null) {
                resume();
            } else {
                synchronized (instances) {
                    instances.remove(instance);
                }
            }
        });
    }

    /** There is an instance again. */
    private void resume() {
        ServingException over;
        synchronized (instances) {
            over = suspension;
            suspension = null;
        }
        if (over != null) {
            LOG.info("{} takes requests again", parts.id());
            parts.queue().resume(over);
        }
    }

    private CompletableFuture<Void> stopOne(Instance instance) {
        leaving.add(instance);
        instance.stop();
        return instance.ended().toCompletableFuture().whenComplete((ended, failure) -> {
            synchronized (instances) {
                leaving.remove(instance);
                if (hanging.remove(instance) && owed > 0) {
                    owed--;
                    CompletableFuture<Void> unused = startOne(true);
                }
            }
        });
    }

    /** Gives {@code hung} up. */
    private void replace(Instance hung) {
        parts.queue().leave(hung);
        ServingException nobodyLeft = null;
        synchronized (instances) {
            if (!instances.remove(hung)) {
                // It was told to stop before, so nobody counts on it.
                return;
            }
            hanging.add(hung);
            if (hanging.size() <= MOST_HANGING) {
                CompletableFuture<Void> unused = startOne(true);
            } else {
                owed++;
                LOG.error("{} calls of {} hang; no more instances until one returns", hanging.size(), parts.id());
            }
            if (instances.isEmpty()) {
                nobodyLeft = allHang(hanging.size());
                suspension = nobodyLeft;
                // Under the lock, lest it come after the end of the suspension.
                parts.queue().suspend(nobodyLeft);
            }
            CompletableFuture<Void> unused = stopOne(hung);
        }
        if (nobodyLeft != null) {
            parts.queue().evict(nobodyLeft);
        }
        parts.observer().instanceReplaced(parts.id());
    }

    private ServingException allHang(int calls) {
        return ServingException.refusal(
                ErrorCode.MODEL_UNAVAILABLE,
                "Model \"" + parts.id().name() + "\" has no instance left: " + calls
                        + " calls take longer than its responseTimeout. It takes requests again when one of them returns.");
    }

    /** The instances there are, oldest first. */
    List<InstanceStatus> statuses() {
        synchronized (instances) {
            return instances.stream().map(Instance::status).toList();
        }
    }
}
