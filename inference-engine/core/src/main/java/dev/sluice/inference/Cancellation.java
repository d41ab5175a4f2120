// SPDX-License-Identifier: Apache-2.0
package dev.sluice.inference;

import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Whether the caller still wants its answer.
 *
 * <p><b>Threads:</b> any thread may cancel, ask or listen; once cancelled it stays so.
 */
public final class Cancellation {
    private static final Logger LOG = LoggerFactory.getLogger(Cancellation.class);

    /** Stands for "cancelled" in place of listeners. */
    private static final Listener CANCELLED = new Listener(() -> {}, null);

    private final AtomicReference<@Nullable Listener> listeners = new AtomicReference<>();

    /** Cancels, and runs all listeners on this thread; only the first call has an effect. */
    public void cancel() {
        for (Listener each = listeners.getAndSet(CANCELLED); each != null; each = each.next) {
            each.run();
        }
    }

    public boolean isCancelled() {
        return listeners.get() == CANCELLED;
    }

    /**
     * Runs {@code action} exactly once when the caller goes away: on the thread that cancels, or on this one, now, if that has
     * happened already. Actions must not block; their order is not defined.
     */
    public void onCancel(Runnable action) {
        while (true) {
            Listener seen = listeners.get();
            Listener added = new Listener(action, seen);
            if (seen == CANCELLED) {
                added.run();
                return;
            }
            if (listeners.compareAndSet(seen, added)) {
                return;
            }
        }
    }

    private static final class Listener {
        private final Runnable action;
        private final @Nullable Listener next;

        private Listener(Runnable action, @Nullable Listener next) {
            this.action = action;
            this.next = next;
        }

        /** One that throws must not keep the others from hearing. */
        private void run() {
            try {
                action.run();
            } catch (RuntimeException | Error e) {
                LOG.error("A listener for a cancelled request failed", e);
            }
        }
    }
}
