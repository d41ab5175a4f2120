// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine;

import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.tensor.BufferAllocator;
import dev.sluice.tensor.CopyReason;
import dev.sluice.tensor.DataBuffer;
import dev.sluice.tensor.MemoryBudget;
import dev.sluice.tensor.MemoryLedger;
import java.nio.ByteBuffer;

/**
 * Another source's memory, charged to the budget from before it is allocated until it is free again.
 *
 * <p><b>Threads:</b> safe from any thread.
 *
 * <p><b>Errors:</b> {@code OVERLOADED} when the budget is used up; it never waits for some to become free.
 */
public final class ChargedAllocator implements BufferAllocator {
    private final BufferAllocator source;
    private final MemoryBudget budget;
    private final MemoryLedger ledger;

    public ChargedAllocator(BufferAllocator source, MemoryBudget budget, MemoryLedger ledger) {
        this.source = source;
        this.budget = budget;
        this.ledger = ledger;
    }

    @Override
    public DataBuffer allocate(long bytes) {
        int size = BufferAllocator.checkedSize(bytes);
        reserve(size);
        try {
            DataBuffer memory = source.allocate(size);
            return track(memory.view(), memory::release);
        } catch (RuntimeException | Error e) {
            budget.release(size);
            throw e;
        }
    }

    @Override
    public DataBuffer lend(ByteBuffer memory, Runnable onFree) {
        reserve(memory.remaining());
        return track(memory, onFree);
    }

    private DataBuffer track(ByteBuffer memory, Runnable onFree) {
        int size = memory.remaining();
        return ledger.track(memory, () -> {
            onFree.run();
            budget.release(size);
        });
    }

    private void reserve(int size) {
        if (!budget.tryReserve(size)) {
            throw new ServingException(
                    ErrorCode.OVERLOADED,
                    "Not enough memory for " + size + " more bytes; ask again later, or raise memory_budget, now "
                            + budget.limit() + " bytes");
        }
    }

    @Override
    public void copied(CopyReason reason) {
        ledger.copied(reason);
    }
}
