// SPDX-License-Identifier: Apache-2.0
package dev.sluice.scheduling;

import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Requests on their way from those that submit to those that form batches.
 *
 * <p><b>Threads:</b> safe from any thread, without locks; the requests are their own links, so handing over allocates nothing.
 */
final class Intake {
    private final AtomicReference<@Nullable PendingRequest> last = new AtomicReference<>();

    void add(PendingRequest request) {
        PendingRequest seen;
        do {
            seen = last.get();
            request.handedOverBefore = seen;
        } while (!last.compareAndSet(seen, request));
    }

    boolean isEmpty() {
        return last.get() == null;
    }

    /** How many there are; only while nobody drains. */
    int size() {
        int size = 0;
        for (PendingRequest each = last.get(); each != null; each = each.handedOverBefore) {
            size++;
        }
        return size;
    }

    /** Takes all: the first that was added, from which {@link PendingRequest#takeNext} leads to the others; null if there are none. */
    @Nullable
    PendingRequest drain() {
        if (isEmpty()) {
            return null;
        }
        PendingRequest first = null;
        PendingRequest each = last.getAndSet(null);
        while (each != null) {
            PendingRequest before = each.handedOverBefore;
            each.handedOverBefore = first;
            first = each;
            each = before;
        }
        return first;
    }
}
