// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine;

import java.util.List;
import java.util.OptionalLong;

/**
 * One execution context of a loaded model: it runs one batch at a time.
 *
 * <p><b>Threads:</b> used by one thread at a time, not always the same: what one use did is seen by the next. What a runtime keeps for
 * each thread must be set up at every use.
 */
public interface ModelInstance extends AutoCloseable {
    /** Runs once on made-up input, so that the first request does not pay for lazy initialisation. */
    void warmUp();

    /**
     * Runs a batch. A request that cannot be used fails alone; its neighbours are computed all the same.
     *
     * <p><b>Ownership:</b> the requests stay the caller's and are read only until this returns; the responses become the
     * caller's.
     *
     * @return one outcome per request, in the order of the batch
     * @throws RuntimeException if the batch as a whole failed; the caller then fails every request in it
     */
    List<Outcome> execute(Batch batch);

    /** How it is between calls. */
    enum Condition {
        /** It can go on. */
        FIT,
        /** It has done its share: nothing is wrong with it, and another one is to take over now. */
        WORN,
        /** It is gone, or cannot be trusted any more: another one is to take over when {@link LoadedModel#restarts} says so. */
        LOST
    }

    /** Asked after every call, and before the next one, on the thread that uses it; quick. */
    default Condition condition() {
        return Condition.FIT;
    }

    /** Has {@code action} run when it is lost while nobody calls it: once at most, on any thread, also at once. */
    default void onLoss(Runnable action) {}

    /** Whether a call of it can be {@linkplain #abort ended}, which is always so or never; one that cannot is waited for. */
    default boolean canAbort() {
        return false;
    }

    /** Ends the call that runs now, from any thread: it then throws soon, and the instance is lost. Must not block. */
    default void abort() {}

    /** The process it runs in, if that is not this one. */
    default OptionalLong processId() {
        return OptionalLong.empty();
    }

    @Override
    void close();
}
