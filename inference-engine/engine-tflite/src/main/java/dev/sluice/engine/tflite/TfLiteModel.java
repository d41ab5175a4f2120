// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.tflite;

import dev.sluice.engine.TensorInstance;
import dev.sluice.engine.TensorModel;
import dev.sluice.model.Signature;
import dev.sluice.tensor.BufferAllocator;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * One file's weights. Interpreters read them where they are, but XNNPACK keeps a copy in its own order for each interpreter.
 *
 * <p><b>Threads:</b> safe from any thread.
 */
final class TfLiteModel implements TensorModel {
    private final FlatModel flat;
    private final Signature signature;
    private final BufferAllocator allocator;
    private final AtomicBoolean closed = new AtomicBoolean();

    TfLiteModel(FlatModel flat, Signature signature, BufferAllocator allocator) {
        this.flat = flat;
        this.signature = signature;
        this.allocator = allocator;
    }

    @Override
    public Signature signature() {
        return signature;
    }

    @Override
    public TensorInstance newInstance() {
        return new TfLiteInstance(flat, signature, allocator);
    }

    /** Interpreters run on processors alone. */
    @Override
    public boolean isComputeOnly() {
        return true;
    }

    @Override
    public void close() {
        if (closed.compareAndSet(false, true)) {
            flat.close();
        }
    }
}
