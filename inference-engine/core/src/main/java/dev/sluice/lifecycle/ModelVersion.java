// SPDX-License-Identifier: Apache-2.0
package dev.sluice.lifecycle;

import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.model.ModelId;
import dev.sluice.model.ModelSpec;
import dev.sluice.scheduling.InstanceStatus;
import dev.sluice.scheduling.QueueStatus;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * One registered version and where it stands.
 *
 * <p><b>Threads:</b> read from any thread. Written by {@link ModelLifecycle} alone, one change at a time.
 */
public final class ModelVersion {
    /** Written by the change that runs for this model name; see {@link ModelLifecycle}. */
    private volatile ModelSpec spec;

    /** Written by the change that runs for this model name; see {@link ModelLifecycle}. */
    private volatile ModelState state = new ModelState.Wanted();

    /** Written by the change that runs for this model name: the instances asked for, the last time that worked. */
    private volatile int instanceCount;

    ModelVersion(ModelSpec spec) {
        this.spec = spec;
    }

    public ModelId id() {
        return spec.id();
    }

    public ModelSpec spec() {
        return spec;
    }

    public ModelState state() {
        return state;
    }

    /** Why loading it failed the last time; stays while it is loaded again, and goes when that works. */
    public Optional<ServingException> failure() {
        ModelState now = state;
        if (now instanceof ModelState.Failed failed) {
            return Optional.of(failed.reason());
        }
        return now instanceof ModelState.Loading loading ? loading.lastFailure() : Optional.empty();
    }

    void spec(ModelSpec changed) {
        spec = changed;
    }

    void state(ModelState changed) {
        state = changed;
    }

    /**
     * The instances there are to be; 0 unless ready. Fewer are there while calls hang, and those that are missing come back when the
     * calls do.
     */
    int instanceCount() {
        return instanceCount;
    }

    void instanceCount(int changed) {
        instanceCount = changed;
    }

    /** The instances there are; none unless ready or draining. */
    public List<InstanceStatus> instances() {
        RunningModel running = running();
        return running == null ? List.of() : running.scheduler().instances();
    }

    /** The queue; empty unless ready or draining. */
    public QueueStatus queue() {
        RunningModel running = running();
        return running == null
                ? new QueueStatus(0, spec.limits().queueCapacity())
                : running.scheduler().queue();
    }

    /** Requests that were let in and have no answer yet, those in the queue with them. */
    public int unanswered() {
        RunningModel running = running();
        return running == null ? 0 : running.leases().count();
    }

    private @Nullable RunningModel running() {
        ModelState now = state;
        if (now instanceof ModelState.Ready ready) {
            return ready.running();
        }
        return now instanceof ModelState.Draining draining ? draining.running() : null;
    }

    /**
     * A handle for one request.
     *
     * @throws ServingException {@code MODEL_UNAVAILABLE} with the state in words, if the version serves nothing now
     */
    ModelHandle acquire() {
        ModelState now = state;
        if (now instanceof ModelState.Ready ready && ready.running().leases().tryAcquire()) {
            return new ModelHandle(ready.running());
        }
        throw ServingException.refusal(
                ErrorCode.MODEL_UNAVAILABLE,
                "Model \"" + id().name() + "\" version " + id().version() + " cannot serve: " + why(now));
    }

    private static String why(ModelState state) {
        return switch (state.kind()) {
            case WANTED -> "it has no workers. Scale it up to add some.";
            case LOADING -> "it is still loading. Retry later.";
            case READY, DRAINING -> "it is being unloaded or changed. Retry later.";
            case UNLOADED -> "it was unregistered.";
            case FAILED ->
                "loading it failed: " + ((ModelState.Failed) state).reason().safeMessage();
        };
    }
}
