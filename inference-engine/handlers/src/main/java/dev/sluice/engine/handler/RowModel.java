// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler;

import dev.sluice.engine.LoadedModel;
import dev.sluice.engine.ModelInstance;
import dev.sluice.engine.TensorInstance;
import dev.sluice.engine.TensorModel;
import dev.sluice.model.BatchSpec;
import dev.sluice.model.ModelSpec;
import dev.sluice.model.Signature;
import dev.sluice.model.TensorSpec;
import dev.sluice.tensor.BufferAllocator;
import java.util.Optional;
import java.util.function.Supplier;

/** A tensor model behind a handler that works row by row. */
final class RowModel implements LoadedModel {
    private final TensorModel model;
    private final Supplier<RowCodec> codecs;
    private final BufferAllocator allocator;
    private final BatchSpec batching;
    private final boolean isComputeOnly;

    /**
     * @param codecs makes one for each instance
     * @param codecsOnlyCompute whether calls wait for nothing if the model's do not
     */
    RowModel(
            TensorModel model,
            ModelSpec spec,
            BufferAllocator allocator,
            Supplier<RowCodec> codecs,
            boolean codecsOnlyCompute) {
        this.model = model;
        this.codecs = codecs;
        this.allocator = allocator;
        this.batching = spec.batching();
        this.isComputeOnly = codecsOnlyCompute && model.isComputeOnly();
    }

    /** Undeclared: clients send content, whatever the model behind takes. */
    @Override
    public Signature signature() {
        return Signature.UNDECLARED;
    }

    @Override
    public ModelInstance newInstance() {
        TensorInstance instance = model.newInstance();
        try {
            Optional<TensorSpec> input = model.signature().inputs().stream().findFirst();
            InputBuffer buffer = new InputBuffer(allocator, input, batching.sizes());
            return new RowInstance(instance, codecs.get(), buffer, allocator, batching.maxSize());
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
