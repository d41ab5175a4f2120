// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.djl;

import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.engine.PtSymbolBlock;
import dev.sluice.engine.TensorInstance;
import dev.sluice.engine.TensorModel;
import dev.sluice.model.Signature;
import dev.sluice.tensor.BufferAllocator;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * One TorchScript module. All instances call it at once, which libtorch allows for inference.
 *
 * <p><b>Threads:</b> safe from any thread.
 */
final class TorchModel implements TensorModel {
    private final PtNDManager manager;
    private final PtSymbolBlock module;
    private final BufferAllocator allocator;
    private final AtomicBoolean closed = new AtomicBoolean();

    /** Owns {@code manager}, which owns {@code module}. */
    TorchModel(PtNDManager manager, PtSymbolBlock module, BufferAllocator allocator) {
        this.manager = manager;
        this.module = module;
        this.allocator = allocator;
    }

    /** TorchScript names and types its arguments as tensors, and says nothing of their types and shapes. */
    @Override
    public Signature signature() {
        return Signature.UNDECLARED;
    }

    @Override
    public TensorInstance newInstance() {
        return new TorchInstance(module, (PtNDManager) manager.newSubManager(), allocator);
    }

    @Override
    public void close() {
        if (closed.compareAndSet(false, true)) {
            manager.close();
        }
    }
}
