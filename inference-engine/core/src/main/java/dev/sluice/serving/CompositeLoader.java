// SPDX-License-Identifier: Apache-2.0
package dev.sluice.serving;

import dev.sluice.engine.LoadedModel;
import dev.sluice.engine.ModelLoader;
import dev.sluice.engine.Sample;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.model.ModelId;
import dev.sluice.model.ModelRef;
import dev.sluice.model.ModelSpec;
import java.util.List;

/**
 * Loads models whose handler is {@code composite}, and leaves all others to another loader.
 *
 * <p><b>Threads:</b> safe from any thread.
 */
public final class CompositeLoader implements ModelLoader {
    /** What a specification names as its handler to be one. */
    public static final String HANDLER = "composite";

    private final ModelLoader others;
    private final InferenceService models;

    /** @param models answers the steps */
    public CompositeLoader(ModelLoader others, InferenceService models) {
        this.others = others;
        this.models = models;
    }

    /** Reads the graph, too: it is part of the configuration, which has been read already. */
    @Override
    public void check(ModelSpec spec) {
        if (isComposite(spec)) {
            CompositeGraph unused = graph(spec);
        } else {
            others.check(spec);
        }
    }

    @Override
    public LoadedModel load(ModelSpec spec) {
        return isComposite(spec) ? new CompositeModel(graph(spec), models) : others.load(spec);
    }

    @Override
    public List<Sample> samples(ModelSpec spec) {
        return others.samples(spec);
    }

    private static boolean isComposite(ModelSpec spec) {
        return spec.handler().equals(HANDLER);
    }

    private static CompositeGraph graph(ModelSpec spec) {
        try {
            CompositeGraph graph = CompositeOptions.graph(spec.options());
            graph.steps().forEach((name, step) -> requireAnother(spec.id(), name, step.model()));
            return graph;
        } catch (IllegalArgumentException e) {
            throw new ServingException(
                    ErrorCode.INVALID_MODEL, "Model " + spec.id().name() + ": handler.composite: " + e.getMessage(), e);
        }
    }

    /** A longer circle is found when a request goes round in it. */
    private static void requireAnother(ModelId id, String step, ModelRef called) {
        boolean isItself = called.equals(ModelRef.of(id.name())) || called.equals(ModelRef.of(id.name(), id.version()));
        if (isItself) {
            throw new IllegalArgumentException(
                    "steps." + step + ".model: '" + id.name() + "' (expected: another model than this one)");
        }
    }
}
