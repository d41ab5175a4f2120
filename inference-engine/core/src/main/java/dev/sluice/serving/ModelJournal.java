// SPDX-License-Identifier: Apache-2.0
package dev.sluice.serving;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * Where {@link ModelAdmin} writes down which models are wanted, before it acts on a change.
 *
 * <p><b>Threads:</b> called by one thread at a time, and not again before the stage of the last call has completed; must return
 * at once.
 */
public interface ModelJournal {
    /** Why something is written. */
    enum Occasion {
        /** The server has started. */
        STARTUP,
        /** Somebody changed something. */
        CHANGE,
        /** The server stops in good order. */
        SHUTDOWN
    }

    /** Keeps nothing: what is registered ends with the process. */
    ModelJournal NONE = (wanted, occasion) -> CompletableFuture.completedStage(null);

    /**
     * Writes down all of {@code wanted}, in place of what was written before.
     *
     * @return completes once it survives the end of the process; fails if it may not, and then what was written before still holds
     */
    CompletionStage<Void> write(DesiredModels wanted, Occasion occasion);
}
