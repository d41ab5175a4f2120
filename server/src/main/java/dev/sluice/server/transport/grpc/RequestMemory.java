// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.transport.grpc;

import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.tensor.BufferAllocator;
import dev.sluice.tensor.CopyReason;
import dev.sluice.tensor.DataBuffer;
import dev.sluice.tensor.MemoryBudget;
import dev.sluice.tensor.MemoryLedger;

/**
 * Memory for the messages of clients, charged to the requests' share of the budget until it is free again.
 *
 * <p><b>Threads:</b> safe from any thread.
 *
 * <p><b>Errors:</b> {@code OVERLOADED} when requests have their share already.
 */
public final class RequestMemory implements BufferAllocator {
    private final BufferAllocator source;
    private final MemoryBudget budget;
    private final MemoryLedger ledger;

    public RequestMemory(BufferAllocator source, MemoryBudget budget, MemoryLedger ledger) {
        this.source = source;
        this.budget = budget;
        this.ledger = ledger;
    }

    @Override
    public DataBuffer allocate(long bytes) {
        int size = BufferAllocator.checkedSize(bytes);
        if (!budget.tryReserveForRequest(size)) {
            throw ServingException.refusal(
                    ErrorCode.OVERLOADED,
                    "Not enough memory for the request: " + size + " bytes more; ask again later");
        }
        try {
            DataBuffer memory = source.allocate(size);
            return ledger.track(memory.view(), () -> {
                memory.release();
                budget.release(size);
            });
        } catch (RuntimeException | Error e) {
            budget.release(size);
            throw e;
        }
    }

    @Override
    public void copied(CopyReason reason) {
        ledger.copied(reason);
    }
}
