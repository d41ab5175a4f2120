// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.tensorflow;

import dev.sluice.engine.TensorInstance;
import dev.sluice.engine.TensorModel;
import dev.sluice.model.Signature;
import dev.sluice.tensor.BufferAllocator;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * One session. All instances run on it at once, which the runtime allows and which costs one copy of the weights.
 *
 * <p><b>Threads:</b> safe from any thread.
 */
final class TensorFlowModel implements TensorModel {
    private final LoadedGraph graph;
    private final Signature signature;
    private final BufferAllocator allocator;
    private final AtomicBoolean closed = new AtomicBoolean();

    TensorFlowModel(LoadedGraph graph, BufferAllocator allocator) {
        this.graph = graph;
        this.signature = graph.signature().declared();
        this.allocator = allocator;
    }

    @Override
    public Signature signature() {
        return signature;
    }

    @Override
    public TensorInstance newInstance() {
        return new TensorFlowInstance(graph, signature, allocator);
    }

    /** Sessions run on processors alone, on the thread that calls. */
    @Override
    public boolean isComputeOnly() {
        return true;
    }

    @Override
    public void close() {
        if (closed.compareAndSet(false, true)) {
            graph.close();
        }
    }
}
