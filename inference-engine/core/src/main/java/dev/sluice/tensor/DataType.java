// SPDX-License-Identifier: Apache-2.0
package dev.sluice.tensor;

/**
 * Element type of a {@link Tensor}, under the names the Open Inference protocol gives them
 * (specification/protocol/inference_rest.md, "Tensor Data Types").
 */
public enum DataType {
    BOOL(1),
    UINT8(1),
    UINT16(2),
    UINT32(4),
    UINT64(8),
    INT8(1),
    INT16(2),
    INT32(4),
    INT64(8),
    /** IEEE 754 half precision. */
    FP16(2),
    /** The upper half of an IEEE 754 single. */
    BF16(2),
    FP32(4),
    FP64(8),
    /** Variable length: each element is a 4-byte little-endian length followed by that many bytes. */
    BYTES(0);

    private final int elementBytes;

    DataType(int elementBytes) {
        this.elementBytes = elementBytes;
    }

    /** Bytes of one element; 0 for {@link #BYTES}, whose elements differ in length. */
    public int elementBytes() {
        return elementBytes;
    }

    /** Whether each element takes {@link #elementBytes()} bytes. */
    public boolean isFixedSize() {
        return elementBytes > 0;
    }
}
