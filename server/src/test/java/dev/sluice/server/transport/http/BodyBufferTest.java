// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.transport.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.tensor.MemoryBudget;
import dev.sluice.tensor.MemoryLedger;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LeakGuard.class)
final class BodyBufferTest {
    private static final int PIECE = 100_000;

    private final ByteBufAllocator allocator = UnpooledByteBufAllocator.DEFAULT;

    private static ByteBuf piece(int size) {
        return Unpooled.wrappedBuffer(new byte[size]);
    }

    /** Seen to fail when a body of unknown size is charged for what came, and not for the room it was given. */
    @Test
    void chargesTheRoomOfBodyOfUnknownSizeAsLongAsItLives() {
        MemoryBudget budget = new MemoryBudget(64 << 20);
        BodyBuffer body = new BodyBuffer(allocator, budget, new MemoryLedger());
        assertThat(body.startUnknown()).isTrue();
        for (int i = 0; i < 33; i++) {
            assertThat(body.reserveFor(PIECE)).isTrue();
            body.append(piece(PIECE));
        }

        ReceivedBody whole = body.finish();

        assertThat(whole.bytes().capacity()).as("room to grow").isGreaterThan(33 * PIECE);
        assertThat(budget.reserved()).isEqualTo(whole.bytes().capacity());
        whole.release();
        assertThat(budget.reserved()).isZero();
    }

    /** Seen to fail when room is taken that could not be reserved. */
    @Test
    void makesDoWithLessRoomWhenTheBudgetIsShort() {
        MemoryBudget budget = new MemoryBudget(4 << 20);
        BodyBuffer body = new BodyBuffer(allocator, budget, new MemoryLedger());
        assertThat(body.startUnknown()).isTrue();
        int pieces = 0;
        while (body.reserveFor(PIECE)) {
            body.append(piece(PIECE));
            pieces++;
        }
        assertThat(pieces).isEqualTo((3 << 20) / PIECE);

        ReceivedBody whole = body.finish();

        assertThat(budget.reserved()).isEqualTo(whole.bytes().capacity()).isLessThanOrEqualTo(3 << 20);
        whole.release();
        assertThat(budget.reserved()).isZero();
    }

    @Test
    void chargesTheAnnouncedSizeHoweverManyPiecesItComesIn() {
        MemoryBudget budget = new MemoryBudget(4 << 20);
        BodyBuffer body = new BodyBuffer(allocator, budget, new MemoryLedger());
        assertThat(body.start(3 * PIECE)).isTrue();
        for (int i = 0; i < 3; i++) {
            assertThat(body.reserveFor(PIECE)).isTrue();
            body.append(piece(PIECE));
        }

        ReceivedBody whole = body.finish();

        assertThat(whole.size()).isEqualTo(3 * PIECE);
        assertThat(budget.reserved()).isEqualTo(3 * PIECE);
        whole.release();
        assertThat(budget.reserved()).isZero();
    }
}
