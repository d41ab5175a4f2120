// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.djl;

import ai.djl.engine.EngineException;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.engine.PtSymbolBlock;
import ai.djl.pytorch.jni.JniUtils;
import dev.sluice.engine.TensorInstance;
import dev.sluice.tensor.BufferAllocator;
import dev.sluice.tensor.Tensor;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Runs one call at a time on the model's module. */
final class TorchInstance implements TensorInstance {
    private final PtSymbolBlock module;
    private final PtNDManager manager;
    private final BufferAllocator allocator;

    /** Written by whoever runs it: the last thread that did. */
    private @Nullable Thread prepared;

    /** Owns {@code manager}. */
    TorchInstance(PtSymbolBlock module, PtNDManager manager, BufferAllocator allocator) {
        this.module = module;
        this.manager = manager;
        this.allocator = allocator;
    }

    @Override
    public List<Tensor> run(List<Tensor> inputs) {
        prepareThread();
        try (TorchCall call = new TorchCall((PtNDManager) manager.newSubManager(), allocator)) {
            return call.run(module, inputs);
        } catch (EngineException e) {
            throw TorchErrors.whileRunning(e);
        }
    }

    /** libtorch keeps the optimizer's switch per thread; nobody here ever switches it on. */
    private void prepareThread() {
        Thread self = Thread.currentThread();
        if (prepared != self) {
            JniUtils.setGraphExecutorOptimize(false);
            prepared = self;
        }
    }

    @Override
    public void close() {
        manager.close();
    }
}
