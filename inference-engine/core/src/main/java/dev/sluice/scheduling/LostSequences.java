// SPDX-License-Identifier: Apache-2.0
package dev.sluice.scheduling;

import dev.sluice.inference.Ticker;
import java.time.Duration;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The sequences whose state is gone, so that nobody goes on with one as if nothing had happened: each until it is started anew or would
 * have been forgotten anyway. When they are too many the oldest are forgotten earlier.
 *
 * <p><b>Threads:</b> safe from any thread.
 */
final class LostSequences {
    private final long keepNanos;
    private final int most;
    private final Ticker ticker;

    /** Guarded by this: when each was lost, oldest first. */
    private final Map<String, Long> lost = new LinkedHashMap<>();

    LostSequences(Duration keep, int most, Ticker ticker) {
        this.keepNanos = keep.toNanos();
        this.most = most;
        this.ticker = ticker;
    }

    synchronized void add(String id) {
        long now = ticker.nanos();
        lost.remove(id);
        lost.put(id, now);
        Iterator<Long> oldest = lost.values().iterator();
        while (oldest.hasNext() && (now - oldest.next() >= keepNanos || lost.size() > most)) {
            oldest.remove();
        }
    }

    synchronized boolean contains(String id) {
        Long at = lost.get(id);
        if (at != null && ticker.nanos() - at >= keepNanos) {
            lost.remove(id);
            return false;
        }
        return at != null;
    }

    /** It is started anew. */
    synchronized void remove(String id) {
        lost.remove(id);
    }
}
