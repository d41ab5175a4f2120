// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.python;

import dev.sluice.engine.HandlerContext;
import dev.sluice.engine.LoadedModel;
import dev.sluice.engine.ModelLoader;
import dev.sluice.engine.Sample;
import dev.sluice.engine.SampleFolder;
import dev.sluice.engine.python.setup.EnvironmentSettings;
import dev.sluice.model.ModelSpec;
import java.util.List;

/**
 * Loads models whose handler is written in Python, to be run by worker processes, and leaves all others to another loader.
 *
 * <p><b>Threads:</b> safe from any thread.
 *
 * <p><b>Ownership:</b> closed after all models it loaded.
 */
public final class PythonModelLoader implements ModelLoader, AutoCloseable {
    /** What a spec's {@code engine} says of a model with a Python handler. */
    public static final String ENGINE = "python";

    private final ModelLoader others;

    /** @param others loads what is not Python's */
    public PythonModelLoader(
            ModelLoader others,
            WorkerSettings settings,
            EnvironmentSettings environments,
            HandlerContext context,
            WorkerLines lines) {
        this.others = others;
    }

    @Override
    public void check(ModelSpec spec) {
        if (!isPython(spec)) {
            others.check(spec);
        }
    }

    @Override
    public LoadedModel load(ModelSpec spec) {
        if (!isPython(spec)) {
            return others.load(spec);
        }
        throw new UnsupportedOperationException();
    }

    @Override
    public List<Sample> samples(ModelSpec spec) {
        return isPython(spec) ? SampleFolder.read(spec.files().root()) : others.samples(spec);
    }

    private static boolean isPython(ModelSpec spec) {
        return spec.engine().filter(ENGINE::equals).isPresent();
    }

    @Override
    public void close() {}
}
