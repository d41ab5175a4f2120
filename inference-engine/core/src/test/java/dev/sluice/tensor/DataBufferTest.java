// SPDX-License-Identifier: Apache-2.0
package dev.sluice.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

class DataBufferTest {
    private final AtomicInteger frees = new AtomicInteger();

    private DataBuffer buffer(int size) {
        return DataBuffer.of(ByteBuffer.allocate(size), frees::incrementAndGet);
    }

    /** Planted: release() that frees at every call, retain() that does not count, no check at zero. */
    @Property
    void countsAsANumberWould(@ForAll List<Boolean> retains) {
        AtomicInteger freed = new AtomicInteger();
        DataBuffer buffer = DataBuffer.of(ByteBuffer.allocate(1), freed::incrementAndGet);
        int expected = 1;
        for (boolean retain : retains) {
            if (expected == 0) {
                assertThatThrownBy(retain ? buffer::retain : buffer::release).isInstanceOf(IllegalStateException.class);
            } else if (retain) {
                buffer.retain();
                expected++;
            } else {
                buffer.release();
                expected--;
            }
            assertThat(buffer.references()).isEqualTo(expected);
            assertThat(freed).hasValue(expected == 0 ? 1 : 0);
        }
    }

    @Test
    void refusesUseAfterLastRelease() {
        DataBuffer buffer = buffer(3);
        buffer.release();

        assertThatThrownBy(buffer::view).hasMessage("buffer of 3 bytes used after its last release");
        assertThatThrownBy(buffer::toByteArray).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(buffer::retain).hasMessage("buffer of 3 bytes retained after its last release");
        assertThatThrownBy(() -> buffer.retainedSlice(0, 1)).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(buffer::release).hasMessage("buffer of 3 bytes released more often than retained");
        assertThat(frees).hasValue(1);
    }

    @Test
    void keepsBytesWhileASliceLives() {
        DataBuffer buffer = buffer(8);
        buffer.view().putInt(4, 42);
        DataBuffer slice = buffer.retainedSlice(4, 4);
        buffer.release();

        assertThat(slice.size()).isEqualTo(4);
        assertThat(slice.view().getInt(0)).isEqualTo(42);
        assertThat(frees).hasValue(0);

        slice.release();
        assertThat(frees).hasValue(1);
    }

    @Test
    void takesNoCountForASliceThatDoesNotFit() {
        DataBuffer buffer = buffer(4);

        assertThatThrownBy(() -> buffer.retainedSlice(2, 3)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThat(buffer.references()).isEqualTo(1);
    }

    @Test
    void showsOnlyTheRemainingBytes() {
        ByteBuffer source = ByteBuffer.wrap(new byte[] {1, 2, 3, 4}).position(1).limit(3);

        assertThat(DataBuffer.of(source, () -> {}).toByteArray()).containsExactly(2, 3);
    }

    @Test
    void viewsAreLittleEndianAndIndependent() {
        DataBuffer buffer = DataBuffer.wrap(new byte[] {1, 0, 0, 0});
        ByteBuffer first = buffer.view();

        assertThat(first.order()).isEqualTo(ByteOrder.LITTLE_ENDIAN);
        assertThat(first.getInt()).isEqualTo(1);
        assertThat(buffer.view().position()).isZero();
    }

    @Test
    void allocatorGivesDirectMemoryOfTheSizeAskedFor() {
        DataBuffer buffer = BufferAllocator.unpooled().allocate(5);

        assertThat(buffer.size()).isEqualTo(5);
        assertThat(buffer.view().isDirect()).isTrue();
        assertThatThrownBy(() -> BufferAllocator.unpooled().allocate(-1))
                .hasMessage("bytes: -1 (expected: 0..2147483647)");
        assertThatThrownBy(() -> BufferAllocator.unpooled().allocate(1L << 31))
                .hasMessage("bytes: 2147483648 (expected: 0..2147483647)");
    }
}
