// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.djl;

import ai.djl.pytorch.engine.PtNDManager;
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
    private final long module;
    private final TorchInputs inputs;
    private final TorchEngine engine;
    private final int threads;
    private final BufferAllocator allocator;
    private final AtomicBoolean closed = new AtomicBoolean();

    /**
     * Owns {@code manager}, which owns {@code module}.
     *
     * @param threads that one call may use
     */
    TorchModel(
            PtNDManager manager,
            long module,
            TorchInputs inputs,
            TorchEngine engine,
            int threads,
            BufferAllocator allocator) {
        this.manager = manager;
        this.module = module;
        this.inputs = inputs;
        this.engine = engine;
        this.threads = threads;
        this.allocator = allocator;
    }

    /** TorchScript names and types its arguments as tensors, and says nothing of their types and shapes. */
    @Override
    public Signature signature() {
        return Signature.UNDECLARED;
    }

    @Override
    public TensorInstance newInstance() {
        return new TorchInstance(this, allocator);
    }

    long module() {
        return module;
    }

    TorchInputs inputs() {
        return inputs;
    }

    TorchCasts casts() {
        return engine.casts();
    }

    /** Whether it computes where this process can read the results. */
    boolean isOnProcessors() {
        return manager.getDevice().equals(ai.djl.Device.cpu());
    }

    /** Readies this thread for a call of this model's. */
    void prepareThread() {
        engine.threads().prepare(threads);
    }

    @Override
    public void close() {
        if (closed.compareAndSet(false, true)) {
            manager.close();
        }
    }
}
