// SPDX-License-Identifier: Apache-2.0
package dev.sluice.lifecycle;

import dev.sluice.model.ModelId;
import dev.sluice.model.Signature;
import dev.sluice.scheduling.RequestScheduler;

/**
 * The right of one request to use one version: while it is open that version, and no other, stays in memory.
 *
 * <p><b>Threads:</b> closed once, from any thread.
 */
public final class ModelHandle implements AutoCloseable {
    private final RunningModel running;

    /** Takes over a lease of {@code running}. */
    ModelHandle(RunningModel running) {
        this.running = running;
    }

    /** The version that was resolved. */
    public ModelId id() {
        return running.id();
    }

    public Signature signature() {
        return running.model().signature();
    }

    public RequestScheduler scheduler() {
        return running.scheduler();
    }

    @Override
    public void close() {
        running.leases().release();
    }
}
