// SPDX-License-Identifier: Apache-2.0
package dev.sluice.scheduling;

import dev.sluice.inference.ServingException;
import org.jspecify.annotations.Nullable;

/**
 * Where the instances of one version find their requests: one queue for all of them, or one for each.
 *
 * <p><b>Threads:</b> safe from any thread.
 */
interface Queues {
    /** The queue of {@code instance}, which is new or lost its context. */
    RequestQueue of(Taker instance);

    /** The context of {@code instance} is lost; another will be made, and {@link #of} asked for its queue. */
    default void contextGone(Taker instance) {}

    /** {@code instance} takes nothing more, for good; its queue is not asked for again. */
    default void instanceGone(Taker instance) {}

    /** Whether the context of {@code instance} may be exchanged for another without a loss; if not, it is woken when it may. */
    default boolean mayExchange(Taker instance) {
        return true;
    }

    /** The context of {@code instance} was exchanged. */
    default void exchanged(Taker instance) {}

    /**
     * Refuses with {@code reason} until {@link #resume}; {@link #evict} is to follow. Does nothing if what is refused with now is not
     * {@code before}.
     */
    void suspend(@Nullable ServingException before, ServingException reason);

    /** Takes requests again if they are refused with {@code reason}. */
    void resume(ServingException reason);

    /** Ends all that wait with {@code reason}, if that is what is refused with. */
    void evict(ServingException reason);
}
