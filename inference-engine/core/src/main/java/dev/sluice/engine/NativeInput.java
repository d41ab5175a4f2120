// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine;

import dev.sluice.tensor.BufferAllocator;
import dev.sluice.tensor.DataBuffer;
import dev.sluice.tensor.Tensor;
import java.nio.ByteBuffer;
import java.util.Optional;

/**
 * An input's bytes as native code may read them: at a raw address that is a multiple of the element's size. Nearly always
 * that is where the tensor already has them. A client chooses where in a frame its numbers start, though, and vectorised
 * code given a float at an odd address may end the process; such bytes, and bytes on the heap, are copied once.
 *
 * <p><b>Ownership:</b> the tensor stays its owner's and must outlive this; closing frees the copy, if there was one.
 */
public final class NativeInput implements AutoCloseable {
    private final ByteBuffer bytes;
    private final Optional<DataBuffer> copy;

    private NativeInput(ByteBuffer bytes, Optional<DataBuffer> copy) {
        this.bytes = bytes;
        this.copy = copy;
    }

    /** The bytes of {@code tensor}, whose type must be of fixed size. */
    public static NativeInput of(Tensor tensor, BufferAllocator allocator) {
        ByteBuffer bytes = tensor.data().view();
        if (isReadable(bytes, tensor.type().elementBytes())) {
            return new NativeInput(bytes, Optional.empty());
        }
        DataBuffer copy = allocator.allocate(bytes.remaining());
        copy.view().put(bytes);
        return new NativeInput(copy.view(), Optional.of(copy));
    }

    private static boolean isReadable(ByteBuffer bytes, int elementBytes) {
        return bytes.isDirect() && bytes.alignmentOffset(0, elementBytes) == 0;
    }

    /** Direct, from position 0, little-endian. */
    public ByteBuffer bytes() {
        return bytes;
    }

    /** Whether {@link #bytes()} are the tensor's own. */
    public boolean isShared() {
        return copy.isEmpty();
    }

    @Override
    public void close() {
        copy.ifPresent(DataBuffer::release);
    }
}
