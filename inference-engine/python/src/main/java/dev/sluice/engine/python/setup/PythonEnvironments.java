// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.python.setup;

import dev.sluice.model.ModelSpec;
import java.util.List;

/**
 * Prepares models: finds the interpreter, and installs what a model requires where the operator allows it.
 *
 * <p><b>Threads:</b> safe from any thread; slow. One that is interrupted ends what it started.
 */
public final class PythonEnvironments implements AutoCloseable {
    private final InterpreterFinder interpreters;

    public PythonEnvironments(EnvironmentSettings settings) {
        this.interpreters = new InterpreterFinder(settings);
    }

    /**
     * What the workers of {@code spec} start with, made if it is not there yet, within the model's startup timeout.
     *
     * @throws dev.sluice.inference.ServingException {@code LOAD_FAILED} without a usable interpreter or if installing fails,
     *     {@code INVALID_MODEL} if what the model says of its environment cannot be used
     */
    public PythonEnvironment prepare(ModelSpec spec) {
        return new PythonEnvironment(interpreters.find().program(), List.of(), spec.files().root());
    }

    /** From here on other processes may remove what was installed, once it is old. */
    @Override
    public void close() {}
}
