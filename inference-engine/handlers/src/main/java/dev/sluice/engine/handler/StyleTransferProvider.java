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
 * Puts {@code style_transfer} in front of a model that makes images of images. Configured under {@code handler.styleTransfer};
 * see {@link StyleTransferOptions}.
 *
 * <p><b>Threads:</b> safe from any thread.
 */
public final class StyleTransferProvider implements HandlerProvider {
    @Override
    public Set<String> names() {
        return Set.of(StyleTransferOptions.HANDLER);
    }

    @Override
    public LoadedModel attach(TensorModel model, ModelSpec spec, HandlerContext context) {
        BufferAllocator allocator = context.allocator();
        StyleTransferOptions options = StyleTransferOptions.of(spec, model.signature());
        return new RowModel(model, spec, allocator, () -> new StyleTransfer(options, allocator), false);
    }
}
