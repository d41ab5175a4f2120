// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine;

import java.util.List;

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

    @Override
    void close();
}
