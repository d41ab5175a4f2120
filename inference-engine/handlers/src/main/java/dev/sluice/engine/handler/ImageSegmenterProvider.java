// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler;

import dev.sluice.engine.HandlerContext;
import dev.sluice.engine.HandlerProvider;
import dev.sluice.engine.LoadedModel;
import dev.sluice.engine.TensorModel;
import dev.sluice.engine.handler.image.ImagePipeline;
import dev.sluice.model.ModelSpec;
import dev.sluice.model.TensorSpec;
import dev.sluice.tensor.BufferAllocator;
import dev.sluice.tensor.DataType;
import dev.sluice.tensor.Shape;
import java.util.Optional;
import java.util.Set;

/**
 * Puts {@code image_segmenter} in front of a model that maps {@code [rows, channels, height, width]} of FP32 to {@code [rows,
 * classes, height, width]} of scores. Configured under {@code handler.imageSegmenter}; see {@link ImageSegmenterOptions}.
 *
 * <p><b>Threads:</b> safe from any thread.
 */
public final class ImageSegmenterProvider implements HandlerProvider {
    private static final String NAME = "image_segmenter";

    @Override
    public Set<String> names() {
        return Set.of(NAME);
    }

    @Override
    public LoadedModel attach(TensorModel model, ModelSpec spec, HandlerContext context) {
        BufferAllocator allocator = context.allocator();
        ImageSegmenterOptions options = ImageSegmenterOptions.of(spec);
        Optional<TensorSpec> input = InputCheck.onlyInput(NAME, model.signature());
        input.ifPresent(declared -> check(declared, options.pipeline()));
        return new RowModel(model, spec, allocator, () -> new ImageSegmenter(options, input, allocator), false);
    }

    private static void check(TensorSpec input, ImagePipeline pipeline) {
        Shape made = Shape.of(pipeline.channels(), pipeline.height(), pipeline.width());
        if (input.type() != DataType.FP32 || !input.shape().row().accepts(made)) {
            throw InputCheck.mismatch(
                    NAME, input, "FP32 " + made.rows(Shape.ANY) + ", as handler.imageSegmenter is set");
        }
    }
}
