// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine;

import dev.sluice.tensor.BufferAllocator;
import dev.sluice.tensor.CopyReason;
import dev.sluice.tensor.DataBuffer;
import dev.sluice.tensor.Tensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Optional;

/**
 * An input's bytes as native code may read them: at a raw address that is a multiple of the element's size. Nearly always
 * that is where the tensor already has them. A client chooses where in a frame its numbers start, though, and vectorised
 * code given a float at an odd address may end the process; such bytes, and bytes on the heap, are copied once. Engines get
 * bytes from here and nowhere else.
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

    /** The bytes of {@code tensor}, whose type must be of fixed size. A copy is reported to {@code allocator}. */
    public static NativeInput of(Tensor tensor, BufferAllocator allocator) {
        return of(tensor, allocator, ByteOrder.nativeOrder());
    }

    /** The same for a machine of that byte order. */
    static NativeInput of(Tensor tensor, BufferAllocator allocator, ByteOrder machine) {
        ByteBuffer bytes = tensor.data().view();
        int elementBytes = tensor.type().elementBytes();
        Optional<CopyReason> reason = whyNotReadable(bytes, elementBytes, machine);
        if (reason.isEmpty()) {
            return new NativeInput(bytes, Optional.empty());
        }
        DataBuffer copy = allocator.allocate(bytes.remaining());
        if (reason.get() == CopyReason.ENDIAN) {
            putReversed(bytes, elementBytes, copy.view());
        } else {
            copy.view().put(bytes);
        }
        allocator.copied(reason.get());
        return new NativeInput(copy.view(), Optional.of(copy));
    }

    private static Optional<CopyReason> whyNotReadable(ByteBuffer bytes, int elementBytes, ByteOrder machine) {
        if (elementBytes > 1 && machine != bytes.order()) {
            return Optional.of(CopyReason.ENDIAN);
        }
        if (!bytes.isDirect()) {
            return Optional.of(CopyReason.HEAP);
        }
        return bytes.alignmentOffset(0, elementBytes) == 0 ? Optional.empty() : Optional.of(CopyReason.UNALIGNED);
    }

    private static void putReversed(ByteBuffer bytes, int elementBytes, ByteBuffer target) {
        for (int start = 0; start < bytes.limit(); start += elementBytes) {
            for (int i = elementBytes - 1; i >= 0; i--) {
                target.put(bytes.get(start + i));
            }
        }
    }

    /** Direct, from position 0, elements in the machine's byte order. */
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
