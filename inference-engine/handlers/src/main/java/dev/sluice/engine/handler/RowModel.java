// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler;

import dev.sluice.engine.LoadedModel;
import dev.sluice.engine.ModelInstance;
import dev.sluice.engine.TensorInstance;
import dev.sluice.engine.TensorModel;
import dev.sluice.model.BatchSpec;
import dev.sluice.model.ModelSpec;
import dev.sluice.model.Signature;
import dev.sluice.tensor.BufferAllocator;
import java.util.function.Supplier;

/** A tensor model behind a handler that works row by row. */
final class RowModel implements LoadedModel {
    private final TensorModel model;
    private final Signature inputs;
    private final Signature shown;
    private final Supplier<RowCodec> codecs;
    private final BufferAllocator allocator;
    private final BatchSpec batching;
    private final boolean isComputeOnly;

    /**
     * A model whose handler takes content, whatever tensors the model behind takes.
     *
     * @param codecs makes one for each instance
     * @param codecsOnlyCompute whether calls wait for nothing if the model's do not
     */
    RowModel(
            TensorModel model,
            ModelSpec spec,
            BufferAllocator allocator,
            Supplier<RowCodec> codecs,
            boolean codecsOnlyCompute) {
        this(model, spec, allocator, codecs, codecsOnlyCompute, model.signature(), Signature.UNDECLARED);
    }

    /**
     * A model with the rows of {@code inputs}.
     *
     * @param inputs what the codecs make rows for, which the model may not say of itself
     * @param shown what clients are told
     */
    RowModel(
            TensorModel model,
            ModelSpec spec,
            BufferAllocator allocator,
            Supplier<RowCodec> codecs,
            boolean codecsOnlyCompute,
            Signature inputs,
            Signature shown) {
        this.model = model;
        this.inputs = inputs;
        this.shown = shown;
        this.codecs = codecs;
        this.allocator = allocator;
        this.batching = spec.batching();
        this.isComputeOnly = codecsOnlyCompute && model.isComputeOnly();
    }

    @Override
    public Signature signature() {
        return shown;
    }

    @Override
    public ModelInstance newInstance() {
        TensorInstance instance = model.newInstance();
        try {
            InputBuffers buffers = new InputBuffers(allocator, inputs, batching.sizes());
            return new RowInstance(instance, codecs.get(), buffers, allocator, batching.maxSize());
        } catch (RuntimeException e) {
            instance.close();
            throw e;
        }
    }

    @Override
    public boolean isComputeOnly() {
        return isComputeOnly;
    }

    @Override
    public void close() {
        model.close();
    }
}
