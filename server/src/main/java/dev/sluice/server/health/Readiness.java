// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.health;

import dev.sluice.lifecycle.ModelState;
import dev.sluice.scheduling.InstanceStatus;
import dev.sluice.server.config.ReadinessConfig;
import dev.sluice.server.health.HealthReport.Phase;
import dev.sluice.serving.ModelStatus;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Whether the server is ready: it accepts, has finished starting, and every model it needs can answer. A model can answer when
 * its default version has an instance that takes batches, or is meant to have none. A model the server should have started
 * with and that did not load counts as missing until one of its name can answer.
 *
 * <p>While it drains it is ready for as long as it accepts: what is sent to it is answered.
 *
 * <p><b>Threads:</b> safe from any thread; nothing waits but {@link #check}, which runs listeners.
 *
 * <p><b>Source:</b> operations.md section 4.7.
 */
public final class Readiness {
    private static final Logger LOG = LoggerFactory.getLogger(Readiness.class);

    private final Supplier<List<ModelStatus>> models;
    private final ReadinessConfig config;
    private final List<Consumer<HealthReport>> listeners = new CopyOnWriteArrayList<>();

    /** Written by the threads that start and stop the server. */
    private volatile Phase phase = Phase.STARTING;

    /** Written by the thread that starts the server: names of models that it could not load. */
    private volatile List<String> failedAtStart = List.of();

    /** Guarded by this: what listeners were told last; null for nothing. */
    private @Nullable HealthReport told;

    /** @param models the default version of each model there is */
    public Readiness(Supplier<List<ModelStatus>> models, ReadinessConfig config) {
        this.models = models;
        this.config = config;
    }

    /** Whether the process is of any use: true for as long as there is a thread to ask. Models do not matter. */
    public boolean live() {
        return true;
    }

    /** Whether the models it starts with have all been loaded, or failed to. */
    public HealthReport started() {
        Phase now = phase;
        return new HealthReport(now != Phase.STARTING, now, now == Phase.STARTING ? missing() : List.of());
    }

    /** Whether requests should be sent here. */
    public HealthReport ready() {
        Phase now = phase;
        List<String> missing = missing();
        boolean accepts = now == Phase.SERVING || now == Phase.DRAINING;
        return new HealthReport(accepts && missing.isEmpty(), now, missing);
    }

    /** Whether it has started, and every model it needs can answer; unlike {@link #ready} also while it stops. */
    public boolean isWhole() {
        return phase != Phase.STARTING && missing().isEmpty();
    }

    /** Where the server stands. */
    public Phase phase() {
        return phase;
    }

    /** Whether the default version of {@code model} can answer. */
    public static boolean canAnswer(ModelStatus model) {
        boolean hasNone = model.instances().stream().noneMatch(InstanceStatus::ready);
        boolean isMeantToHaveNone = model.state() == ModelState.Kind.WANTED
                && model.spec().instances().min() == 0;
        return (model.state() == ModelState.Kind.READY && !hasNone) || isMeantToHaveNone;
    }

    private List<String> missing() {
        Map<String, ModelStatus> known = new HashMap<>();
        models.get().forEach(model -> known.put(model.spec().id().name(), model));
        TreeSet<String> needed = new TreeSet<>(config.required());
        if (config.allRequired()) {
            needed.addAll(failedAtStart);
            known.values().stream()
                    .filter(ModelStatus::atStartup)
                    .map(model -> model.spec().id().name())
                    .forEach(needed::add);
        }
        List<String> missing = new ArrayList<>();
        for (String name : needed) {
            ModelStatus model = known.get(name);
            if (model == null || !canAnswer(model)) {
                missing.add(name);
            }
        }
        return missing;
    }

    /** The models it starts with have been loaded, but for those in {@code failed}. */
    public void startupFinished(Collection<String> failed) {
        failedAtStart = List.copyOf(failed);
        advance(Phase.SERVING);
    }

    /** It was told to stop. */
    public void draining() {
        advance(Phase.DRAINING);
    }

    /** It accepts nothing any more. */
    public void stopped() {
        advance(Phase.STOPPED);
    }

    /** Never back: a server that was told to stop while it started does not become one that serves. */
    private synchronized void advance(Phase next) {
        if (next.compareTo(phase) > 0) {
            phase = next;
            check();
        }
    }

    /** Has {@code listener} hear each change of {@link #ready}, and how it stands now. */
    public synchronized void onChange(Consumer<HealthReport> listener) {
        listeners.add(listener);
        tell(listener, ready());
    }

    /** Looks whether anything changed since the last time, and tells the listeners; called every now and then. */
    public synchronized void check() {
        HealthReport now = ready();
        if (!now.equals(told)) {
            told = now;
            listeners.forEach(listener -> tell(listener, now));
        }
    }

    private static void tell(Consumer<HealthReport> listener, HealthReport report) {
        try {
            listener.accept(report);
        } catch (RuntimeException e) {
            LOG.error("A listener failed on {}", report, e);
        }
    }
}
