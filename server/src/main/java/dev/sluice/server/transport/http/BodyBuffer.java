// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.transport.http;

import dev.sluice.tensor.CopyReason;
import dev.sluice.tensor.MemoryBudget;
import dev.sluice.tensor.MemoryLedger;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;
import org.jspecify.annotations.Nullable;

/**
 * The body of one request while it comes in. A body that comes in one piece is that piece, not copied; pieces are copied
 * together once. A client that announces much and sends little gets little memory: room grows with what has come.
 *
 * <p>Its bytes are reserved from the budget before they are taken: all of them when their number is known, else a step at a
 * time, and never less than the memory it occupies. It never waits for the budget: it has what it asks for, or is told that there is nothing left.
 *
 * <p><b>Threads:</b> confined to the connection's event loop.
 */
final class BodyBuffer {
    /** What a body of unknown size reserves at a time. */
    static final int STEP = 1 << 20;

    /** Room given beyond what has come, as a multiple of it: a first piece of 64 KiB already gets room for 1 MiB. */
    private static final int TRUST = 16;

    private static final int UNKNOWN = -1;

    private final ByteBufAllocator allocator;
    private final MemoryBudget budget;
    private final MemoryLedger ledger;

    /** Written by the event loop: bytes so far, owned; null for none. */
    private @Nullable ByteBuf bytes;

    /** Written by the event loop: whether {@link #bytes} is ours to write to, not a piece of what was read. */
    private boolean gathered;

    /** Written by the event loop: size the client announced, or {@link #UNKNOWN}. */
    private int announced = UNKNOWN;

    /** Written by the event loop: bytes reserved. */
    private long charged;

    BodyBuffer(ByteBufAllocator allocator, MemoryBudget budget, MemoryLedger ledger) {
        this.allocator = allocator;
        this.budget = budget;
        this.ledger = ledger;
    }

    /** Begins a body of {@code size} bytes; false if there is no memory for it. */
    boolean start(int size) {
        announced = size;
        return reserve(size);
    }

    /** Begins a body whose size its client does not tell; false if there is no memory for its first bytes. */
    boolean startUnknown() {
        announced = UNKNOWN;
        return reserve(nextStep());
    }

    private long nextStep() {
        return Math.min(STEP, budget.requestLimit() - charged);
    }

    private boolean reserve(long more) {
        if (!budget.tryReserveForRequest(more)) {
            return false;
        }
        charged += more;
        return true;
    }

    /** Bytes the client has to send for what was reserved before any came. */
    int promised() {
        return announced == UNKNOWN ? STEP : announced;
    }

    int size() {
        return bytes == null ? 0 : bytes.readableBytes();
    }

    /** Makes sure that {@code more} bytes are reserved on top of those that have come; false if they cannot be. */
    boolean reserveFor(int more) {
        while ((long) size() + more > charged) {
            long step = nextStep();
            if (step == 0 || !reserve(step)) {
                return false;
            }
        }
        return true;
    }

    /** Takes the count of {@code piece}, whose bytes have been reserved. */
    void append(ByteBuf piece) {
        if (!piece.isReadable()) {
            piece.release();
        } else if (bytes == null) {
            bytes = piece;
        } else {
            try {
                withRoomFor(bytes, piece.readableBytes()).writeBytes(piece);
            } finally {
                piece.release();
            }
        }
    }

    private ByteBuf withRoomFor(ByteBuf before, int more) {
        int needed = Math.addExact(before.readableBytes(), more);
        if (gathered && before.capacity() >= needed) {
            return before;
        }
        ByteBuf roomier = allocator.directBuffer(capacityFor(needed));
        roomier.writeBytes(before);
        before.release();
        bytes = roomier;
        gathered = true;
        return roomier;
    }

    /** Never more than is reserved; {@code needed} bytes are. */
    private int capacityFor(int needed) {
        if (announced >= 0) {
            return (int) Math.max(needed, Math.min(announced, (long) TRUST * needed));
        }
        long wished = Math.min(2L * needed, Math.min(budget.requestLimit(), Integer.MAX_VALUE));
        if (wished > charged && !reserve(wished - charged)) {
            return (int) Math.max(needed, charged);
        }
        return (int) Math.max(needed, wished);
    }

    /** The whole body, owned by the caller; this is empty again. Room that nothing came for stays reserved as long as it. */
    ReceivedBody finish() {
        ByteBuf whole = bytes == null ? Unpooled.EMPTY_BUFFER : bytes;
        int size = whole.readableBytes();
        if (gathered) {
            ledger.copied(CopyReason.PIECES);
        }
        long held = gathered ? whole.capacity() : size;
        budget.release(charged - held);
        forget();
        return new ReceivedBody(whole, held, budget, ledger);
    }

    /** Frees what has come. */
    void discard() {
        if (bytes != null) {
            bytes.release();
        }
        budget.release(charged);
        forget();
    }

    private void forget() {
        bytes = null;
        gathered = false;
        announced = UNKNOWN;
        charged = 0;
    }
}
