// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.python.setup;

import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.inference.Ticker;
import dev.sluice.model.ModelSpec;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Prepares models: finds the interpreter, and installs what a model requires where the operator allows it. What is installed is kept
 * in the cache directory, for all models that require the same.
 *
 * <p><b>Threads:</b> safe from any thread; slow. One that is interrupted ends what it started.
 */
public final class PythonEnvironments implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(PythonEnvironments.class);

    private final EnvironmentSettings settings;
    private final InterpreterFinder interpreters;
    private final EnvironmentCache cache;
    private final PackageInstaller installer;

    public PythonEnvironments(EnvironmentSettings settings) {
        this(settings, InstantSource.system());
    }

    PythonEnvironments(EnvironmentSettings settings, InstantSource clock) {
        Ticker ticker = Ticker.system();
        this.settings = settings;
        this.interpreters = new InterpreterFinder(settings);
        this.cache = new EnvironmentCache(settings.cacheDirectory(), clock, ticker);
        this.installer = new PackageInstaller(settings, ticker);
    }

    /**
     * Looks at what {@code spec} says of the surroundings of its workers, and makes nothing.
     *
     * @throws ServingException {@code INVALID_MODEL} naming what cannot be used
     */
    public static void check(ModelSpec spec) {
        var unused = WorkerWishes.of(spec);
    }

    /**
     * What the workers of {@code spec} start with, made if it is not there yet, within the model's startup timeout.
     *
     * @throws ServingException {@code LOAD_FAILED} without a usable interpreter or if installing fails, {@code INVALID_MODEL} if
     *     what the model says of its environment cannot be used
     */
    public PythonEnvironment prepare(ModelSpec spec) {
        PythonInterpreter interpreter = interpreters.find();
        Optional<Requirements> requirements = installed(spec);
        Path model = spec.files().root();
        if (WorkerWishes.of(spec).usesVenv()) {
            Path venv = obtain("venv", spec, interpreter, requirements, (folder, limit) -> {
                Duration left = installer.makeVenv(spec.id(), folder, interpreter, limit);
                requirements.ifPresent(list -> installer.installInVenv(spec.id(), folder, list, left));
            });
            return new PythonEnvironment(PackageInstaller.program(venv), List.of(), model);
        }
        List<Path> packages = requirements.stream()
                .map(list -> obtain(
                        "packages",
                        spec,
                        interpreter,
                        requirements,
                        (folder, limit) -> installer.installInto(spec.id(), folder, interpreter, list, limit)))
                .toList();
        return new PythonEnvironment(interpreter.program(), packages, model);
    }

    private Optional<Requirements> installed(ModelSpec spec) {
        if (settings.installsRequirements()) {
            return Requirements.of(spec);
        }
        spec.files()
                .requirementsFile()
                .ifPresent(name -> LOG.info(
                        "Model {}: {} is not installed; install_py_dep_per_model=true would", spec.id(), name));
        return Optional.empty();
    }

    private Path obtain(
            String kind,
            ModelSpec spec,
            PythonInterpreter interpreter,
            Optional<Requirements> requirements,
            EnvironmentCache.Maker maker) {
        String key;
        try {
            key = EnvironmentKey.of(kind, interpreter, requirements, settings);
        } catch (IOException e) {
            throw new ServingException(ErrorCode.INVALID_MODEL, "The model's requirements cannot be read", e);
        }
        return cache.obtain(key, spec.limits().startupTimeout(), maker);
    }

    /** From here on other processes may delete what was installed, once it is old. */
    @Override
    public void close() {
        cache.close();
    }
}
