// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.djl;

import ai.djl.engine.EngineException;
import dev.sluice.engine.TensorInstance;
import dev.sluice.tensor.BufferAllocator;
import dev.sluice.tensor.Tensor;
import java.util.List;
import java.util.Optional;

/** Runs one call at a time on the model's module. */
final class TorchInstance implements TensorInstance {
    private final TorchModel model;
    private final BufferAllocator allocator;
    private final TorchScope scope = new TorchScope();
    private final Optional<TorchSlots> slots;

    TorchInstance(TorchModel model, BufferAllocator allocator) {
        this.model = model;
        this.allocator = allocator;
        this.slots = model.inputs().newSlots();
    }

    @Override
    public List<Tensor> run(List<Tensor> inputs) {
        model.prepareThread();
        try {
            long[] arguments = model.inputs().values(inputs, slots, scope);
            long result = scope.value(TorchNatives.run(model.module(), "forward", arguments));
            return TorchOutputs.take(result, model, scope, allocator);
        } catch (EngineException e) {
            throw TorchErrors.whileRunning(e);
        } finally {
            scope.close();
            slots.ifPresent(TorchSlots::dropChanged);
        }
    }

    @Override
    public void close() {
        slots.ifPresent(TorchSlots::close);
    }
}
