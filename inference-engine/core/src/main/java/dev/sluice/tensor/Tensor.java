// SPDX-License-Identifier: Apache-2.0
package dev.sluice.tensor;

/**
 * A named array: type, shape and row-major little-endian bytes.
 *
 * <p><b>Ownership:</b> a tensor owns one count of its {@link DataBuffer}; whoever accepts the tensor releases it.
 *
 * @param shape concrete, outermost dimension first
 */
public record Tensor(String name, DataType type, Shape shape, DataBuffer data) {
    /**
     * @throws IllegalArgumentException if the shape is open or the bytes are not as many as type and shape say; the buffer
     *     then still belongs to the caller
     */
    public Tensor {
        long elements = shape.elementCount();
        // Division, because the product of a wild shape need not fit a long; no buffer is that large.
        if (type.isFixedSize()
                && (data.size() % type.elementBytes() != 0 || data.size() / type.elementBytes() != elements)) {
            throw new IllegalArgumentException("tensor '" + name + "': " + data.size() + " bytes (expected: " + elements
                    + " x " + type.elementBytes() + " for " + type + " " + shape + ")");
        }
    }

    /** Gives the tensor's count of its bytes back. */
    public void release() {
        data.release();
    }
}
