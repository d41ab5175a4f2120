// SPDX-License-Identifier: Apache-2.0
package dev.sluice.tensor;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/** The elements of {@link DataType#BYTES} tensors: each a 4-byte little-endian length and that many bytes. */
public final class ByteElements {
    private ByteElements() {}

    /**
     * The elements of {@code tensor} in row-major order, as copies.
     *
     * @throws IllegalArgumentException if its bytes are not as many elements as its shape says, and nothing else
     */
    public static List<byte[]> read(Tensor tensor) {
        ByteBuffer bytes = tensor.data().view();
        int count = count(tensor, bytes);
        List<byte[]> elements = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            byte[] element = new byte[nextLength(tensor, bytes)];
            bytes.get(element);
            elements.add(element);
        }
        requireEnd(tensor, bytes);
        return elements;
    }

    /**
     * Walks over the elements of {@code tensor}.
     *
     * @throws IllegalArgumentException as {@link #read}
     */
    public static void check(Tensor tensor) {
        ByteBuffer bytes = tensor.data().view();
        int count = count(tensor, bytes);
        for (int i = 0; i < count; i++) {
            int length = nextLength(tensor, bytes);
            bytes.position(bytes.position() + length);
        }
        requireEnd(tensor, bytes);
    }

    /** Each element has a length at least, so a wild shape is found out before anything is allocated for it. */
    private static int count(Tensor tensor, ByteBuffer bytes) {
        long count = tensor.shape().elementCount();
        if (count > bytes.remaining() / Integer.BYTES) {
            throw malformed(tensor, bytes.remaining());
        }
        return (int) count;
    }

    private static void requireEnd(Tensor tensor, ByteBuffer bytes) {
        if (bytes.hasRemaining()) {
            throw malformed(tensor, bytes.position());
        }
    }

    private static int nextLength(Tensor tensor, ByteBuffer bytes) {
        int at = bytes.position();
        int length = bytes.remaining() < Integer.BYTES ? -1 : bytes.getInt();
        if (length < 0 || length > bytes.remaining()) {
            throw malformed(tensor, at);
        }
        return length;
    }

    private static IllegalArgumentException malformed(Tensor tensor, int at) {
        return new IllegalArgumentException("tensor '" + tensor.name() + "': byte " + at + " of "
                + tensor.data().size() + " (expected: " + tensor.shape().elementCount()
                + " texts, each after its length in 4 bytes, and nothing else)");
    }

    /**
     * A tensor of {@code elements}, owned by the caller.
     *
     * @throws IllegalArgumentException if they are not as many as the shape says, or too large together
     */
    public static Tensor write(String name, Shape shape, List<byte[]> elements, BufferAllocator allocator) {
        if (shape.elementCount() != elements.size()) {
            throw new IllegalArgumentException("tensor '" + name + "': " + elements.size() + " elements (expected: "
                    + shape.elementCount() + " for " + shape + ")");
        }
        long size = 0;
        for (byte[] element : elements) {
            size += Integer.BYTES + (long) element.length;
        }
        DataBuffer data = allocator.allocate(size);
        ByteBuffer target = data.view();
        for (byte[] element : elements) {
            target.putInt(element.length).put(element);
        }
        return new Tensor(name, DataType.BYTES, shape, data);
    }
}
