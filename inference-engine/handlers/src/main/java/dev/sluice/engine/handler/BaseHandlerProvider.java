// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler;

import dev.sluice.engine.HandlerContext;
import dev.sluice.engine.HandlerProvider;
import dev.sluice.engine.LoadedModel;
import dev.sluice.engine.TensorModel;
import dev.sluice.model.ModelSpec;
import dev.sluice.model.TensorSpec;
import dev.sluice.tensor.BufferAllocator;
import java.util.Optional;
import java.util.Set;

/**
 * Puts {@code base_handler} in front of any model with one numeric input: nested JSON lists in, nested JSON lists out.
 *
 * <p><b>Threads:</b> safe from any thread.
 */
public final class BaseHandlerProvider implements HandlerProvider {
    private static final String NAME = "base_handler";

    @Override
    public Set<String> names() {
        return Set.of(NAME);
    }

    @Override
    public LoadedModel attach(TensorModel model, ModelSpec spec, HandlerContext context) {
        BufferAllocator allocator = context.allocator();
        Optional<TensorSpec> input = InputCheck.onlyInput(NAME, model.signature());
        if (input.isPresent() && !NumberSink.takes(input.get().type())) {
            throw InputCheck.mismatch(NAME, input.get(), "BOOL, an integer type, FP32 or FP64");
        }
        return new RowModel(model, spec, allocator, () -> new NestedListCodec(input, allocator), true);
    }
}
