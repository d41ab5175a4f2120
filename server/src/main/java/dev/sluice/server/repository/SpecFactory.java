// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.repository;

import dev.sluice.archive.Manifest;
import dev.sluice.model.AllowedSizes;
import dev.sluice.model.BatchSpec;
import dev.sluice.model.InstanceSpec;
import dev.sluice.model.LimitSpec;
import dev.sluice.model.ModelId;
import dev.sluice.model.ModelSpec;
import dev.sluice.model.PrioritySpec;
import dev.sluice.serving.RegisterModel;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.stream.Stream;

/**
 * Who has the last word on each setting of a model: the command, then the model's own configuration, then the server's
 * settings for that model, then the server's defaults; for the number of instances the command comes after the model.
 *
 * <p>Source: torchserve.md section 2.3. The original ignores the command's and the server's timeouts for a model that has a
 * configuration file; here they follow the same order as the rest.
 */
final class SpecFactory {
    private static final int BATCH_SIZE = 1;

    /** Of models that size their batches themselves. */
    private static final int ADAPTIVE_BATCH_SIZE = 64;

    private static final Duration BATCH_DELAY = Duration.ofMillis(100);

    private final ModelStoreConfig config;
    private final ModelFinder finder;
    private final RunnerChoice runners;
    private final PlacementChoice places;
    private final int processors;
    private final int cards;

    /** @param cards graphics cards there are for Python workers */
    SpecFactory(ModelStoreConfig config, ModelFinder finder, HandlerChoice handlers, int processors, int cards) {
        this.config = config;
        this.finder = finder;
        this.runners = new RunnerChoice(config, finder, handlers);
        this.places = new PlacementChoice(processors);
        this.processors = processors;
        this.cards = cards;
    }

    ModelSpec specOf(RegisterModel command, ModelLocator.Found found, UnpackedModel model) {
        Manifest.Model manifest = model.manifest().model();
        ModelId id = new ModelId(
                ModelNames.checkedName(command.name()
                        .or(manifest::modelName)
                        .orElseGet(() -> ModelNames.fromFile(found.name(), finder))),
                ModelNames.checkedVersion(manifest.version()));
        Map<String, Object> configuration = model.configuration();
        ModelOptions own = new ModelOptions("Model " + id, configuration);
        ModelOptions served = new ModelOptions("models setting of " + id, serverSettings(id));
        SluiceOptions ours = new SluiceOptions("Model " + id, configuration);
        SluiceOptions oursServed = new SluiceOptions("models setting of " + id, serverSettings(id));
        RunnerChoice.Runner runner = runners.of(command, found, model, own, served);
        boolean isOnCards = runner.isPython() && cards > 0 && !own.isForProcessors() && !served.isForProcessors();
        InstanceSpec instances = instances(command, own, served, isOnCards ? cards : processors);
        try {
            return new ModelSpec(
                    id,
                    command.location(),
                    runner.files(),
                    runner.engine(),
                    runner.handler(),
                    batching(command, new Batching(own, ours), new Batching(served, oursServed)),
                    instances,
                    places.of(id, own, ours, served, oursServed, instances),
                    limits(command, own, served, ours, oursServed),
                    options(runner, configuration, serverSettings(id), manifest));
        } catch (IllegalArgumentException e) {
            if (command.batchSize().isPresent()) {
                // Without it the model's own settings might go together, so it is the command's fault.
                throw e;
            }
            throw (ours.isGiven() ? ours : oursServed).contradiction(e);
        }
    }

    private Map<String, Object> serverSettings(ModelId id) {
        return config.modelDefaults().getOrDefault(id.name(), Map.of()).getOrDefault(id.version(), Map.of());
    }

    /**
     * What the model's own configuration says; with what the server's says of it, for workers, which read theirs from here. The
     * manifest's envelope is the model's unless its configuration names another.
     */
    private static Map<String, Object> options(
            RunnerChoice.Runner runner, Map<String, Object> own, Map<String, Object> served, Manifest.Model manifest) {
        Map<String, Object> options = runner.isPython() ? Overlay.of(own, served) : own;
        return manifest.envelope()
                .filter(envelope -> !envelope.isBlank())
                .map(envelope ->
                        Overlay.of(options, Map.of(SluiceOptions.BLOCK, Map.of(SluiceOptions.ENVELOPE, envelope))))
                .orElse(options);
    }

    /** One source of settings: the original's keys, and ours, which come first. */
    private record Batching(ModelOptions plain, SluiceOptions ours) {
        Optional<Integer> maxRows() {
            return ours.maxRows()
                    .or(() -> ours.allowedSizes().map(AllowedSizes::largest))
                    .or(() -> plain.batchSize().stream().boxed().findFirst());
        }

        Optional<Duration> maxDelay() {
            return ours.maxDelay().or(plain::maxBatchDelay);
        }
    }

    private static BatchSpec batching(RegisterModel command, Batching own, Batching served) {
        Optional<Duration> target = own.ours().latencyTarget().or(served.ours()::latencyTarget);
        return new BatchSpec(
                command.batchSize().stream()
                        .boxed()
                        .findFirst()
                        .or(own::maxRows)
                        .or(served::maxRows)
                        .orElse(target.isPresent() ? ADAPTIVE_BATCH_SIZE : BATCH_SIZE),
                command.maxBatchDelay()
                        .or(own::maxDelay)
                        .or(served::maxDelay)
                        .orElse(target.isPresent() ? Duration.ZERO : BATCH_DELAY),
                target,
                priorities(own.ours(), served.ours()),
                own.ours().allowedSizes().or(served.ours()::allowedSizes).orElse(AllowedSizes.ANY),
                own.ours().split().or(served.ours()::split).orElse(false),
                own.plain().sequences().or(served.plain()::sequences));
    }

    private static PrioritySpec priorities(SluiceOptions own, SluiceOptions served) {
        try {
            return new PrioritySpec(
                    own.priorityLevels().or(served::priorityLevels).orElse(PrioritySpec.NONE.levels()),
                    own.defaultPriority().or(served::defaultPriority).orElse(PrioritySpec.NONE.defaultLevel()),
                    own.ageing().or(served::ageing).orElse(PrioritySpec.NONE.ageing()));
        } catch (IllegalArgumentException e) {
            boolean isOwn = own.defaultPriority().or(own::priorityLevels).isPresent();
            throw (isOwn ? own : served).contradiction(e);
        }
    }

    private LimitSpec limits(
            RegisterModel command,
            ModelOptions own,
            ModelOptions served,
            SluiceOptions ours,
            SluiceOptions oursServed) {
        return new LimitSpec(
                first(config.queueCapacity(), own.queueCapacity(), served.queueCapacity()),
                command.responseTimeout()
                        .or(own::responseTimeout)
                        .or(served::responseTimeout)
                        .orElse(config.responseTimeout()),
                command.startupTimeout()
                        .or(own::startupTimeout)
                        .or(served::startupTimeout)
                        .orElse(config.startupTimeout()),
                ours.queueBytes().or(oursServed::queueBytes).orElse(LimitSpec.ANY_BYTES),
                ours.queueRows().or(oursServed::queueRows).map(OptionalLong::of).orElseGet(OptionalLong::empty),
                ours.queueTimeout()
                        .or(own::clientTimeout)
                        .or(oursServed::queueTimeout)
                        .or(served::clientTimeout)
                        .filter(timeout -> !timeout.isZero()),
                own.useJobTicket().or(served::useJobTicket).orElse(false));
    }

    private InstanceSpec instances(RegisterModel command, ModelOptions own, ModelOptions served, int usual) {
        if (command.restored().isPresent()) {
            return command.restored().get().instances();
        }
        if (command.atStartup()) {
            return own.instances()
                    .or(served::instances)
                    .orElseGet(() -> exactly(config.defaultWorkers().orElse(usual)));
        }
        return own.instances().orElseGet(() -> exactly(first(0, command.initialInstances(), config.defaultWorkers())));
    }

    private static InstanceSpec exactly(int count) {
        return new InstanceSpec(count, count);
    }

    private static int first(int fallback, OptionalInt... choices) {
        return Stream.of(choices)
                .filter(OptionalInt::isPresent)
                .mapToInt(OptionalInt::getAsInt)
                .findFirst()
                .orElse(fallback);
    }
}
