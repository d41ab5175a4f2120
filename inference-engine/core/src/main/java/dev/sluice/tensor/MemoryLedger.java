// SPDX-License-Identifier: Apache-2.0
package dev.sluice.tensor;

import java.lang.ref.PhantomReference;
import java.lang.ref.Reference;
import java.lang.ref.ReferenceQueue;
import java.nio.ByteBuffer;
import java.util.EnumMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * What a server did with its memory, in numbers: which copies were made, and which buffers were forgotten. A forgotten buffer
 * is counted, not freed: a view of its bytes may still be in use.
 *
 * <p><b>Threads:</b> safe from any thread; recording takes no lock and waits for nobody.
 */
public final class MemoryLedger {
    private final Map<CopyReason, LongAdder> copies = new EnumMap<>(CopyReason.class);
    private final LongAdder leaks = new LongAdder();
    private final Set<Ticket> outstanding = ConcurrentHashMap.newKeySet();
    private final ReferenceQueue<DataBuffer> unreachable = new ReferenceQueue<>();

    public MemoryLedger() {
        for (CopyReason reason : CopyReason.values()) {
            copies.put(reason, new LongAdder());
        }
    }

    /** Records one copy of a run of bytes. */
    public void copied(CopyReason reason) {
        adder(reason).increment();
    }

    /** Copies so far. */
    public long copies(CopyReason reason) {
        return adder(reason).sum();
    }

    private LongAdder adder(CopyReason reason) {
        LongAdder adder = copies.get(reason);
        if (adder == null) {
            throw new IllegalStateException("no counter for " + reason);
        }
        return adder;
    }

    /** {@link DataBuffer#of}, and counted as a leak if it becomes unreachable before its last release. */
    public DataBuffer track(ByteBuffer bytes, Runnable onFree) {
        expunge();
        AtomicReference<@Nullable Ticket> own = new AtomicReference<>();
        DataBuffer buffer = DataBuffer.of(bytes, () -> {
            Ticket ticket = own.get();
            if (ticket != null) {
                outstanding.remove(ticket);
                ticket.clear();
            }
            onFree.run();
        });
        Ticket ticket = new Ticket(buffer, unreachable);
        outstanding.add(ticket);
        own.set(ticket);
        return buffer;
    }

    /** Buffers so far that became unreachable while somebody owed a release; must stay 0. */
    public long leaks() {
        expunge();
        return leaks.sum();
    }

    /** Buffers that were not given back yet. */
    public int outstanding() {
        expunge();
        return outstanding.size();
    }

    private void expunge() {
        for (Reference<?> lost = unreachable.poll(); lost != null; lost = unreachable.poll()) {
            if (lost instanceof Ticket ticket && outstanding.remove(ticket)) {
                leaks.increment();
            }
        }
    }

    /** Compared by identity. */
    private static final class Ticket extends PhantomReference<DataBuffer> {
        Ticket(DataBuffer buffer, ReferenceQueue<DataBuffer> queue) {
            super(buffer, queue);
        }
    }
}
