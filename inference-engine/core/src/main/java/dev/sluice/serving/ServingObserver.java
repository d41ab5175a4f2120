// SPDX-License-Identifier: Apache-2.0
package dev.sluice.serving;

import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.RequestContext;
import dev.sluice.lifecycle.LifecycleObserver;
import dev.sluice.model.ModelRef;
import dev.sluice.scheduling.SchedulingObserver;
import java.util.Optional;

/**
 * Hears every fact worth a metric.
 *
 * <p><b>Threads:</b> called on event loops, carriers and load threads; must not block and must not throw.
 */
public interface ServingObserver extends SchedulingObserver, LifecycleObserver {
    /** A request came for a version that serves; it will be queued, or refused. */
    default void requestAdmitted(ModelRef model, RequestContext context) {}

    /**
     * A request got its one answer, refusals included.
     *
     * @param model what was asked for; the name is the client's, so it may be of no model
     * @param failure empty for success
     * @param totalNanos from decoding to the answer
     */
    void requestFinished(ModelRef model, RequestContext context, Optional<ErrorCode> failure, long totalNanos);
}
