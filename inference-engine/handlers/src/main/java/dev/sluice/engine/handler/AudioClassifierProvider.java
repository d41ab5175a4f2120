// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler;

import dev.sluice.engine.HandlerContext;
import dev.sluice.engine.HandlerProvider;
import dev.sluice.engine.LoadedModel;
import dev.sluice.engine.TensorModel;
import dev.sluice.model.ModelSpec;
import dev.sluice.model.TensorSpec;
import dev.sluice.tensor.BufferAllocator;
import dev.sluice.tensor.DataType;
import dev.sluice.tensor.Shape;
import java.util.Optional;
import java.util.Set;

/**
 * Puts {@code audio_classifier} in front of a model that maps sound, {@code [rows, samples]} or {@code [rows, mels, frames]} of
 * FP32 with or without a dimension for the channel, to {@code [rows, classes]} of scores. Configured under {@code
 * handler.audioClassifier}; see {@link AudioClassifierOptions}.
 *
 * <p><b>Threads:</b> safe from any thread.
 */
public final class AudioClassifierProvider implements HandlerProvider {
    private static final String NAME = AudioClassifierOptions.HANDLER;

    @Override
    public Set<String> names() {
        return Set.of(NAME);
    }

    @Override
    public LoadedModel attach(TensorModel model, ModelSpec spec, HandlerContext context) {
        BufferAllocator allocator = context.allocator();
        Optional<TensorSpec> input = InputCheck.onlyInput(NAME, model.signature());
        AudioClassifierOptions options = AudioClassifierOptions.of(spec, input);
        input.ifPresent(declared -> check(declared, options.row()));
        ClassLabels labels = ClassLabels.load(spec.files());
        return new RowModel(
                model, spec, allocator, () -> new AudioClassifier(options, labels, input, allocator), false);
    }

    private static void check(TensorSpec input, Shape row) {
        if (input.type() != DataType.FP32 || !input.shape().row().accepts(row)) {
            throw InputCheck.mismatch(
                    NAME, input, "FP32 " + row.rows(Shape.ANY) + ", as handler.audioClassifier is set");
        }
    }
}
