// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler;

import dev.sluice.engine.HandlerContext;
import dev.sluice.engine.HandlerProvider;
import dev.sluice.engine.LoadedModel;
import dev.sluice.engine.TensorModel;
import dev.sluice.model.ModelSpec;
import dev.sluice.tensor.BufferAllocator;
import java.util.Set;

/**
 * Puts {@code object_detector} in front of a model that finds things in images. Configured under {@code
 * handler.objectDetector}; see {@link ObjectDetectorOptions}.
 *
 * <p><b>Threads:</b> safe from any thread.
 */
public final class ObjectDetectorProvider implements HandlerProvider {
    @Override
    public Set<String> names() {
        return Set.of(ObjectDetectorOptions.HANDLER);
    }

    @Override
    public LoadedModel attach(TensorModel model, ModelSpec spec, HandlerContext context) {
        BufferAllocator allocator = context.allocator();
        ObjectDetectorOptions options = ObjectDetectorOptions.of(spec, model.signature());
        ClassLabels labels = ClassLabels.load(spec.files());
        return new RowModel(model, spec, allocator, () -> new ObjectDetector(options, labels, allocator), false);
    }
}
