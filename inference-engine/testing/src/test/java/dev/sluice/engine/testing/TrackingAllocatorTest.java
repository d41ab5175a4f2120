// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.tensor.DataBuffer;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;

class TrackingAllocatorTest {
    private final TrackingAllocator allocator = new TrackingAllocator();

    @Test
    void isContentOnceEverythingIsBack() {
        DataBuffer one = allocator.allocate(4);
        DataBuffer two = allocator.allocate(0);
        DataBuffer slice = one.retainedSlice(1, 2);
        one.release();
        two.release();
        assertThat(allocator.outstanding()).isEqualTo(1);
        slice.release();
        allocator.assertAllReleased();
        assertThat(allocator.allocated()).isEqualTo(2);
    }

    @Test
    void saysWhoKeepsABuffer() {
        DataBuffer kept = allocator.allocate(12);
        assertThatThrownBy(allocator::assertAllReleased)
                .hasMessage("1 of 1 buffers not released")
                .satisfies(failure -> assertThat(failure.getSuppressed()[0])
                        .hasMessageContaining("12 bytes")
                        .satisfies(place -> assertThat(place.getStackTrace())
                                .anyMatch(frame -> frame.getMethodName().equals("saysWhoKeepsABuffer"))));
        kept.release();
    }

    @Test
    void poisonsMemoryBeforeUseAndAfter() {
        DataBuffer buffer = allocator.allocate(2);
        ByteBuffer stolen = buffer.view();
        assertThat(stolen.get(0)).isEqualTo(TrackingAllocator.POISON);
        stolen.put(0, (byte) 1);
        buffer.release();
        assertThat(stolen.get(0)).isEqualTo(TrackingAllocator.POISON);
    }
}
