// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.transport.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.tensor.DataBuffer;
import dev.sluice.tensor.MemoryBudget;
import dev.sluice.tensor.MemoryLedger;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LeakGuard.class)
final class BufferBridgeTest {
    private static final PooledByteBufAllocator POOL = PooledByteBufAllocator.DEFAULT;

    @Test
    void showsBytesOfNettyBufferAndReleasesItOnce() {
        ByteBuf buffer = POOL.directBuffer().writeBytes(new byte[] {9, 1, 2, 3});
        buffer.skipBytes(1);

        DataBuffer data = BufferBridge.toDataBuffer(buffer, new MemoryLedger(), () -> {});

        assertThat(data.toByteArray()).containsExactly(1, 2, 3);
        buffer.setByte(1, 7);
        assertThat(data.view().get(0)).as("no copy").isEqualTo((byte) 7);
        DataBuffer part = data.retainedSlice(1, 1);
        data.release();
        assertThat(buffer.refCnt()).isOne();
        part.release();
        assertThat(buffer.refCnt()).isZero();
    }

    @Test
    void releasesEmptyBufferAtOnce() {
        ByteBuf buffer = POOL.directBuffer();

        assertThat(BufferBridge.toDataBuffer(buffer, new MemoryLedger(), () -> {})
                        .size())
                .isZero();
        assertThat(buffer.refCnt()).isZero();
    }

    @Test
    void gathersBodyThatComesInPiecesAndFreesThem() {
        BodyBuffer body = new BodyBuffer(POOL, MemoryBudget.unlimited(), new MemoryLedger());
        assertThat(body.startUnknown()).isTrue();
        for (int i = 0; i < 100; i++) {
            body.append(POOL.directBuffer().writeBytes(new byte[] {(byte) i, (byte) i, (byte) i}));
        }

        ByteBuf whole = body.finish().bytes();

        assertThat(whole.readableBytes()).isEqualTo(300);
        assertThat(whole.getByte(299)).isEqualTo((byte) 99);
        whole.release();
        assertThat(body.size()).isZero();
    }

    @Test
    void givesClientThatOnlyAnnouncesLittleRoom() {
        BodyBuffer body = new BodyBuffer(POOL, MemoryBudget.unlimited(), new MemoryLedger());
        assertThat(body.start(64 << 20)).isTrue();
        body.append(POOL.directBuffer().writeZero(100));
        body.append(POOL.directBuffer().writeZero(100));

        ByteBuf whole = body.finish().bytes();

        assertThat(whole.capacity()).isLessThanOrEqualTo(16 * 200);
        whole.release();
    }

    @Test
    void allocatesDirectMemoryOfExactlyTheSize() {
        DataBuffer data = new PooledBufferAllocator().allocate(100);

        assertThat(data.size()).isEqualTo(100);
        assertThat(data.view().isDirect()).isTrue();
        data.release();
        assertThatThrownBy(() -> new PooledBufferAllocator().allocate(1L << 40))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("1099511627776");
    }
}
