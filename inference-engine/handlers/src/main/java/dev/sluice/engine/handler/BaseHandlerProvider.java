// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler;

import dev.sluice.engine.HandlerContext;
import dev.sluice.engine.HandlerProvider;
import dev.sluice.engine.LoadedModel;
import dev.sluice.engine.TensorModel;
import dev.sluice.model.ModelSpec;
import dev.sluice.model.Signature;
import dev.sluice.tensor.BufferAllocator;
import java.util.Set;

/**
 * Puts {@code base_handler} in front of any model: tensors in, tensors out, or nested JSON lists in, nested JSON lists out.
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
        Signature inputs = model.signature();
        if (!inputs.isDeclared()) {
            inputs = DeclaredInputs.of(spec);
        }
        InputCheck.requireRows(NAME, inputs);
        Signature signature = new Signature(inputs.inputs(), model.signature().outputs());
        return new RowModel(
                model, spec, allocator, () -> new BaseCodec(signature, allocator), true, signature, signature);
    }
}
