// SPDX-License-Identifier: Apache-2.0
package dev.sluice.scheduling;

import dev.sluice.inference.InferenceRequest;
import dev.sluice.inference.ResponseSink;

/**
 * Decides when, and together with which others, a request runs.
 *
 * <p><b>Threads:</b> safe from any thread; never blocks its caller. The sink may be called before {@link #submit} returns, on the
 * caller's thread: a request that waits for nobody, of a model that only computes, runs there if that takes microseconds.
 */
public interface RequestScheduler {
    /**
     * Takes a request.
     *
     * <p><b>Ownership:</b> on return the scheduler owns both arguments and will end the sink exactly once; on an exception
     * it owns nothing and has not touched the sink.
     *
     * @throws dev.sluice.inference.ServingException {@code OVERLOADED} if the queue is full, with the time after which there may
     *     be room; {@code INVALID_INPUT} if it has more rows than a batch may,
     *     or, where such requests are split, more than the queue; {@code DEADLINE_EXCEEDED} if it came too late
     */
    void submit(InferenceRequest request, ResponseSink sink);

    /** Requests waiting, and how many more would be taken. */
    QueueStatus queue();
}
