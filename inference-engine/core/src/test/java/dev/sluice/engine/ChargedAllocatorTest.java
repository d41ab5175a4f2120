// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.tensor.BufferAllocator;
import dev.sluice.tensor.CopyReason;
import dev.sluice.tensor.DataBuffer;
import dev.sluice.tensor.MemoryBudget;
import dev.sluice.tensor.MemoryLedger;
import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class ChargedAllocatorTest {
    private final MemoryBudget budget = new MemoryBudget(100);
    private final MemoryLedger ledger = new MemoryLedger();
    private final ChargedAllocator allocator = new ChargedAllocator(BufferAllocator.unpooled(), budget, ledger);

    @Test
    void chargesFromAllocationToTheLastRelease() {
        DataBuffer buffer = allocator.allocate(60);
        DataBuffer slice = buffer.retainedSlice(0, 10);
        assertThat(budget.reserved()).isEqualTo(60);

        buffer.release();
        assertThat(budget.reserved()).as("a slice keeps all of it").isEqualTo(60);

        slice.release();
        assertThat(budget.reserved()).isZero();
        assertThat(ledger.outstanding()).isZero();
    }

    /** Seen to fail when lending reserves nothing, and when it does not track. */
    @Test
    void chargesForLentMemoryWhileItIsInUse() {
        AtomicInteger returned = new AtomicInteger();
        DataBuffer lent = allocator.lend(ByteBuffer.allocateDirect(60), returned::incrementAndGet);
        assertThat(budget.reserved()).isEqualTo(60);
        assertThat(ledger.outstanding()).isOne();
        assertThatThrownBy(() -> allocator.lend(ByteBuffer.allocateDirect(41), returned::incrementAndGet))
                .isInstanceOfSatisfying(
                        ServingException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.OVERLOADED));
        assertThat(returned).hasValue(0);

        lent.release();
        assertThat(returned).hasValue(1);
        assertThat(budget.reserved()).isZero();
        assertThat(ledger.outstanding()).isZero();
    }

    @Test
    void refusesAtOnceWhatTheBudgetHasNotLeft() {
        DataBuffer buffer = allocator.allocate(60);

        assertThatThrownBy(() -> allocator.allocate(41))
                .isInstanceOfSatisfying(
                        ServingException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.OVERLOADED))
                .hasMessage(
                        "Not enough memory for 41 more bytes; ask again later, or raise memory_budget, now 100 bytes");
        assertThat(budget.reserved()).isEqualTo(60);
        buffer.release();
    }

    @Test
    void givesBackTheChargeWhenTheSourceFails() {
        BufferAllocator failing = bytes -> {
            throw new OutOfMemoryError("none left");
        };

        assertThatThrownBy(() -> new ChargedAllocator(failing, budget, ledger).allocate(10))
                .isInstanceOf(OutOfMemoryError.class);
        assertThat(budget.reserved()).isZero();
    }

    @Test
    void passesCopiesOnToTheLedger() {
        allocator.copied(CopyReason.UNALIGNED);

        assertThat(ledger.copies(CopyReason.UNALIGNED)).isOne();
    }
}
