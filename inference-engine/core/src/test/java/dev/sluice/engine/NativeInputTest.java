// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.tensor.BufferAllocator;
import dev.sluice.tensor.CopyReason;
import dev.sluice.tensor.DataBuffer;
import dev.sluice.tensor.DataType;
import dev.sluice.tensor.Shape;
import dev.sluice.tensor.Tensor;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NativeInputTest {
    private final List<DataBuffer> copies = new ArrayList<>();

    private final List<CopyReason> reasons = new ArrayList<>();

    private final BufferAllocator allocator = new BufferAllocator() {
        @Override
        public DataBuffer allocate(long bytes) {
            DataBuffer copy = BufferAllocator.unpooled().allocate(bytes);
            copies.add(copy);
            return copy;
        }

        @Override
        public void copied(CopyReason reason) {
            reasons.add(reason);
        }
    };

    @ParameterizedTest
    @CsvSource({"0, FP32", "4, FP32", "8, FP64", "1, INT8", "2, FP16"})
    void sharesDirectAlignedBytes(int offset, DataType type) {
        Tensor tensor = tensorAt(offset, type);
        try (NativeInput input = NativeInput.of(tensor, allocator)) {
            assertThat(input.isShared()).isTrue();
            tensor.data().view().put(0, (byte) 77);
            assertThat(input.bytes().get(0)).isEqualTo((byte) 77);
        }
        assertThat(copies).isEmpty();
        assertThat(reasons).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({"1, FP32", "2, FP32", "4, FP64", "1, FP16"})
    void copiesBytesAtOddAddressesOnce(int offset, DataType type) {
        Tensor tensor = tensorAt(offset, type);
        try (NativeInput input = NativeInput.of(tensor, allocator)) {
            assertThat(input.isShared()).isFalse();
            assertThat(input.bytes()).isEqualTo(tensor.data().view());
            assertThat(input.bytes().alignmentOffset(0, type.elementBytes())).isZero();
        }
        assertThat(copies).hasSize(1).allMatch(copy -> copy.references() == 0);
        assertThat(reasons).containsExactly(CopyReason.UNALIGNED);
    }

    @Test
    void copiesBytesOnTheHeap() {
        Tensor tensor = new Tensor("x", DataType.INT8, Shape.of(2), DataBuffer.wrap(new byte[] {3, 4}));
        try (NativeInput input = NativeInput.of(tensor, allocator)) {
            assertThat(input.bytes().isDirect()).isTrue();
            assertThat(input.bytes().get(1)).isEqualTo((byte) 4);
        }
        assertThat(reasons).containsExactly(CopyReason.HEAP);
    }

    @Test
    void turnsBytesRoundForMachineOfTheOtherOrder() {
        Tensor tensor = tensorAt(0, DataType.FP32);
        try (NativeInput input = NativeInput.of(tensor, allocator, ByteOrder.BIG_ENDIAN)) {
            byte[] bytes = new byte[8];
            input.bytes().get(bytes);
            assertThat(bytes).containsExactly(3, 2, 1, 0, 7, 6, 5, 4);
        }
        assertThat(reasons).containsExactly(CopyReason.ENDIAN);
        try (NativeInput input = NativeInput.of(tensorAt(1, DataType.INT8), allocator, ByteOrder.BIG_ENDIAN)) {
            assertThat(input.isShared()).as("single bytes have no order").isTrue();
        }
    }

    private static Tensor tensorAt(int offset, DataType type) {
        DataBuffer whole = BufferAllocator.unpooled().allocate(64);
        for (int i = 0; i < 64; i++) {
            whole.view().put(i, (byte) i);
        }
        int size = 2 * type.elementBytes();
        return new Tensor("x", type, Shape.of(2), whole.retainedSlice(offset, size));
    }
}
