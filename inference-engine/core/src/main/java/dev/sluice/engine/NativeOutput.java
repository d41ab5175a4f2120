// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine;

import dev.sluice.tensor.Tensor;
import java.nio.ByteBuffer;

/** The memory of a tensor that an engine is about to fill. */
public final class NativeOutput {
    private NativeOutput() {}

    /**
     * Where {@code tensor}'s bytes go: direct, from position 0, little-endian. Valid while the tensor is; it must come fresh
     * from a {@link dev.sluice.tensor.BufferAllocator}, so that nobody reads it yet.
     */
    public static ByteBuffer of(Tensor tensor) {
        return tensor.data().view();
    }
}
