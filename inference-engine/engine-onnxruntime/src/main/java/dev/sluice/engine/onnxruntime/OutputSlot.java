// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.onnxruntime;

import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import dev.sluice.model.TensorSpec;
import dev.sluice.tensor.BufferAllocator;
import dev.sluice.tensor.Shape;
import dev.sluice.tensor.Tensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Memory for an output of one shape, with the runtime's tensor on it: one output after another lives here.
 *
 * <p><b>Threads:</b> owned by one call, then by the output's readers, then by the shelf; whoever releases the output last puts it
 * there.
 */
final class OutputSlot implements Runnable {
    private final OutputShelf shelf;
    private final Shape shape;
    private final ByteBuffer memory;
    private final OnnxTensor pinned;

    private OutputSlot(OutputShelf shelf, Shape shape, ByteBuffer memory, OnnxTensor pinned) {
        this.shelf = shelf;
        this.shape = shape;
        this.memory = memory;
        this.pinned = pinned;
    }

    static OutputSlot of(OrtEnvironment environment, OutputShelf shelf, Shape shape, int bytes, OnnxJavaType type)
            throws OrtException {
        ByteBuffer memory = ByteBuffer.allocateDirect(bytes).order(ByteOrder.nativeOrder());
        return new OutputSlot(
                shelf, shape, memory, OnnxTensor.createTensor(environment, memory, shape.toArray(), type));
    }

    /** A tensor of {@code spec} on this memory, which counts as the allocator's until its last release. */
    Tensor lend(TensorSpec spec, BufferAllocator allocator) {
        try {
            return new Tensor(spec.name(), spec.type(), shape, allocator.lend(memory, this));
        } catch (RuntimeException | Error e) {
            run();
            throw e;
        }
    }

    Shape shape() {
        return shape;
    }

    OnnxTensor pinned() {
        return pinned;
    }

    /** Called at the last release of what was lent. */
    @Override
    public void run() {
        shelf.putBack(this);
    }

    /** Frees it; the memory goes when nobody refers to it any longer. */
    void free() {
        pinned.close();
    }
}
