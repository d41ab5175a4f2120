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

/** Runs one call at a time on the model's module. */
final class TorchInstance implements TensorInstance {
    private final PtSymbolBlock module;
    private final PtNDManager manager;
    private final BufferAllocator allocator;

    /** Owns {@code manager}. Made on the thread that will run it: libtorch keeps the optimizer's switch per thread. */
    TorchInstance(PtSymbolBlock module, PtNDManager manager, BufferAllocator allocator) {
        this.module = module;
        this.manager = manager;
        this.allocator = allocator;
        JniUtils.setGraphExecutorOptimize(false);
    }

    @Override
    public List<Tensor> run(List<Tensor> inputs) {
        try (TorchCall call = new TorchCall((PtNDManager) manager.newSubManager(), allocator)) {
            return call.run(module, inputs);
        } catch (EngineException e) {
            throw TorchErrors.whileRunning(e);
        }
    }

    @Override
    public void close() {
        manager.close();
    }
}
