// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine;

import dev.sluice.inference.InferenceResponse;

/**
 * Where the answers of one batch go, request by request: zero or more parts, then exactly one end, for each.
 *
 * <p><b>Threads:</b> safe from any thread, for one request from one at a time; never blocks.
 */
public interface BatchSink {
    /**
     * One part of the answer to request {@code index}; more will follow.
     *
     * <p><b>Ownership:</b> takes {@code part}, always.
     */
    void part(int index, InferenceResponse part);

    /**
     * Request {@code index} has ended; its inputs are not read any more.
     *
     * <p><b>Ownership:</b> takes {@code outcome}, always.
     */
    void end(int index, Outcome outcome);

    /** Whether anybody still waits for request {@code index}; if not, what is not computed yet need not be. */
    boolean isWanted(int index);
}
