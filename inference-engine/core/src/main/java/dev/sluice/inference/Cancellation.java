// SPDX-License-Identifier: Apache-2.0
package dev.sluice.inference;

/**
 * Whether the caller still wants its answer.
 *
 * <p><b>Threads:</b> any thread may cancel or ask; once cancelled it stays so.
 */
public final class Cancellation {
    /** Written by whichever thread cancels, usually the connection's event loop. */
    private volatile boolean cancelled;

    public void cancel() {
        cancelled = true;
    }

    public boolean isCancelled() {
        return cancelled;
    }
}
