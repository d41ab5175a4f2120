// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.repository;

import dev.sluice.archive.Manifest;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.model.BatchSpec;
import dev.sluice.model.InstanceSpec;
import dev.sluice.model.LimitSpec;
import dev.sluice.model.ModelFiles;
import dev.sluice.model.ModelId;
import dev.sluice.model.ModelSpec;
import dev.sluice.serving.RegisterModel;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
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
    private static final Duration BATCH_DELAY = Duration.ofMillis(100);
    private static final String PLAIN_HANDLER = "base_handler";

    private final ModelStoreConfig config;
    private final int processors;

    SpecFactory(ModelStoreConfig config, int processors) {
        this.config = config;
        this.processors = processors;
    }

    ModelSpec specOf(RegisterModel command, ModelLocator.Found found, UnpackedModel model) {
        Manifest.Model manifest = model.manifest().model();
        ModelId id = new ModelId(
                ModelNames.checkedName(
                        command.name().or(manifest::modelName).orElseGet(() -> ModelNames.fromFile(found.name()))),
                ModelNames.checkedVersion(manifest.version()));
        Map<String, Object> configuration = model.configuration();
        ModelOptions own = new ModelOptions("Model " + id, configuration);
        ModelOptions served = new ModelOptions("models setting of " + id, serverSettings(id));
        ModelFiles files = found.kind() == ModelLocator.Kind.PLAIN_FILE
                ? new ModelFiles(
                        model.root(), Optional.of(String.valueOf(found.path().getFileName())))
                : model.files();
        return new ModelSpec(
                id,
                command.location(),
                files,
                own.engine(),
                handler(command, manifest, own, files),
                batching(command, own, served),
                instances(command, own, served),
                limits(command, own, served),
                configuration);
    }

    private Map<String, Object> serverSettings(ModelId id) {
        return config.modelDefaults().getOrDefault(id.name(), Map.of()).getOrDefault(id.version(), Map.of());
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
                                + " (expected: a manifest with a handler, or one .onnx or .pt file)"));
    }

    private static BatchSpec batching(RegisterModel command, ModelOptions own, ModelOptions served) {
        return new BatchSpec(
                first(BATCH_SIZE, command.batchSize(), own.batchSize(), served.batchSize()),
                command.maxBatchDelay()
                        .or(own::maxBatchDelay)
                        .or(served::maxBatchDelay)
                        .orElse(BATCH_DELAY));
    }

    private LimitSpec limits(RegisterModel command, ModelOptions own, ModelOptions served) {
        return new LimitSpec(
                first(config.queueCapacity(), own.queueCapacity(), served.queueCapacity()),
                command.responseTimeout()
                        .or(own::responseTimeout)
                        .or(served::responseTimeout)
                        .orElse(config.responseTimeout()),
                command.startupTimeout()
                        .or(own::startupTimeout)
                        .or(served::startupTimeout)
                        .orElse(config.startupTimeout()));
    }

    private InstanceSpec instances(RegisterModel command, ModelOptions own, ModelOptions served) {
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
