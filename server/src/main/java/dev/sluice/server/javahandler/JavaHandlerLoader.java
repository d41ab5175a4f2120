// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.javahandler;

import dev.sluice.engine.CatalogModelLoader;
import dev.sluice.engine.LoadedModel;
import dev.sluice.engine.ModelLoader;
import dev.sluice.engine.Sample;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.model.ModelSpec;
import dev.sluice.server.enginepack.SharedTypesLoader;
import java.nio.file.Path;
import java.util.List;

/**
 * Loads models whose handler is not built in but lies in a jar beside them, and leaves all others to another loader. Each version
 * has a class loader of its own, which goes when the version is unloaded.
 *
 * <p><b>Threads:</b> safe from any thread.
 *
 * <p><b>Errors:</b> {@code INVALID_MODEL} for whatever is wrong with the handler.
 */
public final class JavaHandlerLoader implements ModelLoader {
    private final CatalogModelLoader others;
    private final boolean allowed;
    private final ClassLoader shared;

    /** @param allowed whether code out of archives may run at all */
    public JavaHandlerLoader(CatalogModelLoader others, boolean allowed) {
        this.others = others;
        this.allowed = allowed;
        this.shared = new SharedTypesLoader(JavaHandlerLoader.class.getClassLoader());
    }

    /** Makes the handler once, so that what is wrong with it is told to whoever registers the model. */
    @Override
    public void check(ModelSpec spec) {
        List<Path> jars = jars(spec);
        if (jars.isEmpty()) {
            others.check(spec);
            return;
        }
        try (HandlerJars code = HandlerJars.open(spec, jars, shared)) {
            others.check(spec, code.provider());
        }
    }

    @Override
    public LoadedModel load(ModelSpec spec) {
        List<Path> jars = jars(spec);
        return jars.isEmpty() ? others.load(spec) : load(spec, HandlerJars.open(spec, jars, shared));
    }

    private LoadedModel load(ModelSpec spec, HandlerJars code) {
        try {
            return new OwnedModel(others.load(spec, code.provider()), code);
        } catch (RuntimeException | Error e) {
            code.close();
            throw e;
        }
    }

    @Override
    public List<Sample> samples(ModelSpec spec) {
        return others.samples(spec);
    }

    /** The code of this model's own handler; empty if it has none. */
    private List<Path> jars(ModelSpec spec) {
        if (others.hasHandler(spec.handler())) {
            return List.of();
        }
        List<Path> jars = HandlerJars.find(spec.files().root());
        if (!jars.isEmpty() && !allowed) {
            throw new ServingException(
                    ErrorCode.INVALID_MODEL,
                    "handler: " + spec.handler()
                            + " (expected: a built-in handler; java_handlers: false keeps the server"
                            + " from running Java code out of archives)");
        }
        return jars;
    }
}
