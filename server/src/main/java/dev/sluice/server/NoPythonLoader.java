// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server;

import dev.sluice.engine.LoadedModel;
import dev.sluice.engine.ModelLoader;
import dev.sluice.engine.Sample;
import dev.sluice.engine.python.PythonModelLoader;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.model.ModelSpec;
import java.util.List;

/**
 * Says of models with Python handlers that this installation has nothing to run them with, and leaves all others to another loader.
 *
 * <p><b>Threads:</b> safe from any thread.
 */
final class NoPythonLoader implements ModelLoader {
    private final ModelLoader others;

    NoPythonLoader(ModelLoader others) {
        this.others = others;
    }

    @Override
    public void check(ModelSpec spec) {
        requireNative(spec);
        others.check(spec);
    }

    @Override
    public LoadedModel load(ModelSpec spec) {
        requireNative(spec);
        return others.load(spec);
    }

    private static void requireNative(ModelSpec spec) {
        if (spec.engine().filter(PythonModelLoader.ENGINE::equals).isPresent()) {
            throw new ServingException(
                    ErrorCode.INVALID_MODEL,
                    "handler: " + spec.handler()
                            + " is Python, and this installation has no folder python to run it with"
                            + " (expected: a built-in handler, or an installation that is complete)");
        }
    }

    @Override
    public List<Sample> samples(ModelSpec spec) {
        return others.samples(spec);
    }
}
