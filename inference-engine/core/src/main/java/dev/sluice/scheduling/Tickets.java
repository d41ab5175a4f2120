// SPDX-License-Identifier: Apache-2.0
package dev.sluice.scheduling;

import java.util.concurrent.atomic.AtomicInteger;

/**
 * How many more requests a queue takes that lets in no more than there are free instances: the free ones less the requests that wait.
 * Below zero when instances went that waiting requests counted on.
 *
 * <p><b>Threads:</b> safe from any thread, without locks. Each change that makes an instance busy counts the requests it took out at the
 * same time, so that no more than there are can be taken in between.
 */
final class Tickets {
    private final AtomicInteger left = new AtomicInteger();

    /** Takes one for a request, if any is left. */
    boolean take() {
        return left.getAndUpdate(now -> now > 0 ? now - 1 : now) > 0;
    }

    /** So many instances became free, or requests left, than before; fewer if negative. */
    void add(int more) {
        if (more != 0) {
            left.addAndGet(more);
        }
    }
}
