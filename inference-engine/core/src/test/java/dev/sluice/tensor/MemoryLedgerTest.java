// SPDX-License-Identifier: Apache-2.0
package dev.sluice.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

class MemoryLedgerTest {
    private final MemoryLedger ledger = new MemoryLedger();

    @Test
    void countsCopiesByReason() {
        ledger.copied(CopyReason.MULTI);
        ledger.copied(CopyReason.MULTI);
        ledger.copied(CopyReason.HEAP);

        assertThat(ledger.copies(CopyReason.MULTI)).isEqualTo(2);
        assertThat(ledger.copies(CopyReason.HEAP)).isOne();
        assertThat(ledger.copies(CopyReason.UNALIGNED)).isZero();
    }

    @Test
    void freesTrackedBufferOnceAndForgetsIt() {
        AtomicInteger freed = new AtomicInteger();
        DataBuffer buffer = ledger.track(ByteBuffer.allocateDirect(8), freed::incrementAndGet);
        DataBuffer slice = buffer.retainedSlice(2, 4);
        buffer.release();
        assertThat(freed).hasValue(0);
        assertThat(ledger.outstanding()).isOne();

        slice.release();

        assertThat(freed).hasValue(1);
        assertThat(ledger.outstanding()).isZero();
    }

    /** Seen to fail when the last release leaves the ticket where it is: then every buffer is a leak once it is collected. */
    @Test
    void countsOnlyBuffersThatWereForgotten() {
        for (int i = 0; i < 100; i++) {
            ledger.track(ByteBuffer.allocateDirect(8), () -> {}).release();
        }
        forgetOne();

        Awaitility.await().until(() -> {
            System.gc();
            return ledger.leaks() > 0;
        });
        assertThat(ledger.leaks()).isOne();
        assertThat(ledger.outstanding()).isZero();
    }

    /** A slice keeps its buffer: what is forgotten is counted once, as the buffer it is. */
    private void forgetOne() {
        DataBuffer buffer = ledger.track(ByteBuffer.allocateDirect(8), () -> {});
        buffer.retainedSlice(0, 4);
        buffer.release();
    }
}
