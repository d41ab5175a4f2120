// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.repository;

import dev.sluice.archive.Manifest;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.model.AllowedSizes;
import dev.sluice.model.BatchSpec;
import dev.sluice.model.InstanceSpec;
import dev.sluice.model.LimitSpec;
import dev.sluice.model.ModelFiles;
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
    private static final String PLAIN_HANDLER = "base_handler";

    private final ModelStoreConfig config;
    private final ModelFinder finder;
    private final HandlerChoice handlers;
    private final PlacementChoice places;
    private final int processors;

    SpecFactory(ModelStoreConfig config, ModelFinder finder, HandlerChoice handlers, int processors) {
        this.config = config;
        this.finder = finder;
        this.handlers = handlers;
        this.places = new PlacementChoice(processors);
        this.processors = processors;
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
        ModelFiles files = found.kind() == ModelLocator.Kind.PLAIN_FILE
                ? new ModelFiles(
                        model.root(), Optional.of(String.valueOf(found.path().getFileName())))
                : model.files(finder).withRequirements(manifest.requirementsFile());
        String handler = handlers.of(
                handler(command, manifest, own, files),
                execution(own, served),
                manifest,
                found.kind() == ModelLocator.Kind.PLAIN_FILE ? Optional.empty() : Optional.of(model.root()));
        InstanceSpec instances = instances(command, own, served);
        try {
            return new ModelSpec(
                    id,
                    command.location(),
                    files,
                    own.engine(),
                    handler,
                    batching(command, new Batching(own, ours), new Batching(served, oursServed)),
                    instances,
                    places.of(id, own, ours, served, oursServed, instances),
                    limits(command, own, served, ours, oursServed),
                    configuration);
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

    private static HandlerChoice.Execution execution(ModelOptions own, ModelOptions served) {
        return own.execution().or(served::execution).orElse(HandlerChoice.Execution.AUTO);
    }

    private String handler(RegisterModel command, Manifest.Model manifest, ModelOptions own, ModelFiles files) {
        return command.handler()
                .or(manifest::handler)
                .or(own::handler)
                .or(config::defaultHandler)
                .or(() -> files.serializedFile().isPresent() ? Optional.of(PLAIN_HANDLER) : Optional.empty())
                .orElseThrow(() -> new ServingException(
                        ErrorCode.INVALID_MODEL,
                        "Model " + command.location() + " names no handler and holds no single model file to run"
                                + " (expected: a manifest with a handler, or one file of these: " + finder.expected()
                                + ")"));
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
                        .filter(timeout -> !timeout.isZero()));
    }

    private InstanceSpec instances(RegisterModel command, ModelOptions own, ModelOptions served) {
        if (command.restored().isPresent()) {
            return command.restored().get().instances();
        }
        if (command.atStartup()) {
            return own.instances()
                    .or(served::instances)
                    .orElseGet(() -> exactly(config.defaultWorkers().orElse(processors)));
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
