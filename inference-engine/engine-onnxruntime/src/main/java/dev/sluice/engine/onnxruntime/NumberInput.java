// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.onnxruntime;

import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import dev.sluice.engine.NativeInput;
import dev.sluice.tensor.BufferAllocator;
import dev.sluice.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Numbers, read where they lie.
 *
 * <p>The runtime's tensor on a small buffer is kept for the next call, which may bring the same buffer: a caller who fills one of his
 * own again and again. It is recognised by being the same object, alive and of the same shape; a buffer's bytes never move while
 * it lives, and its object never comes back once it is freed.
 */
final class NumberInput implements InputBinding {
    /** Above this, making a tensor anew costs nothing beside reading it, and nothing is kept from being freed. */
    private static final int LARGEST_KEPT = 16 << 10;

    private final OrtEnvironment environment;
    private final BufferAllocator allocator;
    private final OnnxJavaType type;

    /** Written by whoever runs the instance: what the runtime knows the bytes by, in this call or the one before. */
    private @Nullable OnnxTensor bound;

    /** Written by whoever runs the instance: the tensor that {@link #bound} was made for, if it is to be recognised. */
    private @Nullable Tensor kept;

    /** Written by whoever runs the instance: the bytes of the call under way, where they are a copy. */
    private @Nullable NativeInput copy;

    NumberInput(OrtEnvironment environment, BufferAllocator allocator, OnnxJavaType type) {
        this.environment = environment;
        this.allocator = allocator;
        this.type = type;
    }

    @Override
    public OnnxTensor bind(Tensor tensor) throws OrtException {
        OnnxTensor last = bound;
        if (last != null && isKept(tensor)) {
            return last;
        }
        close();
        NativeInput input = NativeInput.of(tensor, allocator);
        if (!input.isShared()) {
            copy = input;
        }
        OnnxTensor made = OnnxTensor.createTensor(
                environment, input.bytes(), tensor.shape().toArray(), type);
        bound = made;
        if (input.isShared() && tensor.data().size() <= LARGEST_KEPT) {
            kept = tensor;
        }
        return made;
    }

    private boolean isKept(Tensor tensor) {
        return kept != null
                && kept.data() == tensor.data()
                && kept.shape().equals(tensor.shape())
                && tensor.data().references() > 0;
    }

    @Override
    public void unbind() {
        if (kept == null) {
            close();
        }
    }

    @Override
    public void close() {
        kept = null;
        if (bound != null) {
            bound.close();
            bound = null;
        }
        if (copy != null) {
            copy.close();
            copy = null;
        }
    }
}
