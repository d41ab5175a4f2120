// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.transport.http;

import dev.sluice.tensor.DataBuffer;
import dev.sluice.tensor.MemoryBudget;
import dev.sluice.tensor.MemoryLedger;
import io.netty.buffer.ByteBuf;

/**
 * A whole body, and what it keeps reserved of the budget.
 *
 * <p><b>Ownership:</b> whoever holds it calls one of {@link #release} and {@link #toDataBuffer}, once.
 *
 * @param charged bytes reserved for it
 */
record ReceivedBody(ByteBuf bytes, long charged, MemoryBudget budget, MemoryLedger ledger) {
    int size() {
        return bytes.readableBytes();
    }

    void release() {
        bytes.release();
        budget.release(charged);
    }

    /** The same bytes, not copied; the reservation ends with their last release. */
    DataBuffer toDataBuffer() {
        return BufferBridge.toDataBuffer(bytes, ledger, () -> budget.release(charged));
    }
}
