// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.sluice.archive.ArchiveException;
import dev.sluice.archive.ArchiveLimits;
import dev.sluice.archive.ArchiveReader;
import dev.sluice.archive.Manifest;
import dev.sluice.engine.python.setup.EnvironmentSettings;
import dev.sluice.engine.python.setup.PythonEnvironment;
import dev.sluice.engine.python.setup.PythonEnvironments;
import dev.sluice.engine.python.setup.WorkerVariables;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.model.BatchSpec;
import dev.sluice.model.InstanceSpec;
import dev.sluice.model.LimitSpec;
import dev.sluice.model.ModelFiles;
import dev.sluice.model.ModelId;
import dev.sluice.model.ModelSpec;
import dev.sluice.server.cli.HandlerRunner;
import dev.sluice.server.yaml.SafeYaml;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * Runs a Python handler once in a process that shares this one's terminal, from the same files, packages and variables as a worker
 * of a server.
 *
 * <p><b>Threads:</b> of the main thread, which waits; the hook the JVM runs at a signal ends the process and deletes the files.
 */
final class HandlerTrial implements HandlerRunner {
    private static final String DEFAULT_CONFIG = "model-config.yaml";

    /** Installing may take long, and somebody is looking on who can stop it. */
    private static final Duration PATIENCE = Duration.ofHours(1);

    private final Optional<Path> pythonDirectory;
    private final Path temporaryDirectory;
    private final Map<String, String> variables;

    /**
     * @param pythonDirectory where the installation has what runs handlers
     * @param variables of this process
     */
    HandlerTrial(Optional<Path> pythonDirectory, Path temporaryDirectory, Map<String, String> variables) {
        this.pythonDirectory = pythonDirectory;
        this.temporaryDirectory = temporaryDirectory;
        this.variables = variables;
    }

    @Override
    public int run(Trial trial) {
        Path program = pythonDirectory
                .map(directory -> directory.resolve("sluice_worker").resolve("__main__.py"))
                .filter(Files::isRegularFile)
                .orElseThrow(
                        () -> new ServingException(
                                ErrorCode.FAILED_PRECONDITION,
                                "what runs Python handlers is not part of this installation; run bin/sluice of an unpacked distribution"));
        try (TrialFiles files = TrialFiles.below(temporaryDirectory)) {
            ModelSpec spec = spec(trial, files);
            try (PythonEnvironments environments = new PythonEnvironments(settings(trial, files))) {
                PythonEnvironment environment = environments.prepare(spec);
                Map<String, String> all = new WorkerVariables(settings(trial, files))
                        .of(spec, environment, Map.of("SLUICE_MODEL_CONFIG", json(spec.options())));
                return files.runHere(
                        command(environment, program, trial, spec), spec.files().root(), all);
            }
        } catch (ArchiveException e) {
            throw new ServingException(
                    ErrorCode.INVALID_MODEL,
                    e.reason() + e.remedy().map(remedy -> ". " + remedy).orElse(""),
                    e);
        }
    }

    private static List<String> command(PythonEnvironment environment, Path program, Trial trial, ModelSpec spec) {
        List<String> command = new ArrayList<>(List.of(
                environment.interpreter().toString(),
                program.toString(),
                "run",
                "--model-dir",
                spec.files().root().toString(),
                "--model-name",
                spec.id().name(),
                "--input",
                trial.input().toString()));
        if (!spec.handler().isEmpty()) {
            command.addAll(List.of("--handler", spec.handler()));
        }
        trial.contentType().ifPresent(type -> command.addAll(List.of("--content-type", type)));
        trial.part().ifPresent(name -> command.addAll(List.of("--name", name)));
        trial.gpu().ifPresent(id -> command.addAll(List.of("--gpu-id", Integer.toString(id))));
        trial.debugger().ifPresent(place -> command.addAll(List.of("--debugpy", place)));
        return command;
    }

    private EnvironmentSettings settings(Trial trial, TrialFiles files) {
        return new EnvironmentSettings(
                trial.python(),
                trial.installs(),
                trial.cache().orElseGet(() -> files.directory("packages")),
                List.of(),
                variables,
                List.of(),
                Optional.empty(),
                List.of(),
                Optional.empty(),
                OptionalLong.empty(),
                Optional.empty());
    }

    private static ModelSpec spec(Trial trial, TrialFiles files) {
        ArchiveReader reader = ArchiveReader.of(trial.model(), ArchiveLimits.defaults());
        Path root = trial.model();
        if (!reader.isDirectory()) {
            root = files.directory("unpacked").resolve("model");
            reader.extractTo(root);
        }
        Manifest.Model model = reader.manifest().model();
        return new ModelSpec(
                new ModelId(model.modelName().filter(name -> !name.isEmpty()).orElse("model"), model.version()),
                trial.model().toString(),
                new ModelFiles(root, model.serializedFile(), model.requirementsFile()),
                Optional.of("python"),
                trial.handler().or(model::handler).orElse(""),
                new BatchSpec(1, Duration.ZERO),
                new InstanceSpec(1, 1),
                new LimitSpec(1, PATIENCE, PATIENCE),
                configuration(root, model.configFile()));
    }

    private static Map<String, Object> configuration(Path root, Optional<String> named) {
        Path file = root.resolve(named.orElse(DEFAULT_CONFIG));
        if (named.isEmpty() && !Files.isRegularFile(file)) {
            return Map.of();
        }
        try {
            if (file.toRealPath().startsWith(root.toRealPath())) {
                return SafeYaml.read(file);
            }
        } catch (IOException e) {
            throw new ServingException(ErrorCode.INVALID_MODEL, refusal(named), e);
        } catch (ServingException e) {
            throw new ServingException(
                    ErrorCode.INVALID_MODEL, "configFile: " + file.getFileName() + " " + e.safeMessage(), e);
        }
        throw new ServingException(ErrorCode.INVALID_MODEL, refusal(named));
    }

    private static String refusal(Optional<String> named) {
        return "configFile: " + named.orElse(DEFAULT_CONFIG) + " (expected: a file of the model)";
    }

    private static String json(Map<String, Object> options) {
        try {
            return new ObjectMapper().writeValueAsString(options);
        } catch (JsonProcessingException e) {
            throw new ServingException(ErrorCode.INTERNAL, "The model's configuration cannot be written as JSON", e);
        }
    }
}
