// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.python;

import dev.sluice.engine.BatchSink;
import dev.sluice.engine.Outcome;
import dev.sluice.inference.InferenceResponse;

/**
 * A request that a worker has and nobody waits for on a thread; it ends once, whoever ends it.
 *
 * <p><b>Threads:</b> safe from any thread.
 */
final class OpenRequest {
    private final BatchSink answers;
    private final int place;
    private final boolean hadTensors;
    private final Runnable whenGone;

    /** Written by who sends it. */
    private volatile boolean isSent;

    /** Written by who sends it, then by who hears from the worker. */
    private volatile long lastNanos;

    /** Guarded by this: whether its answer is over. */
    private boolean hasEnded;

    /** Guarded by this: whether the worker is done with it as well. */
    private boolean isGone;

    /**
     * @param place of the request in {@code answers}
     * @param whenGone runs once, when the worker is done with it
     */
    OpenRequest(BatchSink answers, int place, boolean hadTensors, Runnable whenGone) {
        this.answers = answers;
        this.place = place;
        this.hadTensors = hadTensors;
        this.whenGone = whenGone;
    }

    /** The worker has it: its bytes are not read any more. */
    void sent() {
        lastNanos = System.nanoTime();
        isSent = true;
    }

    boolean isSent() {
        return isSent;
    }

    /** When it was sent, or had its last part. */
    long lastNanos() {
        return lastNanos;
    }

    boolean hadTensors() {
        return hadTensors;
    }

    synchronized void part(InferenceResponse part) {
        lastNanos = System.nanoTime();
        if (hasEnded) {
            part.release();
        } else {
            answers.part(place, part);
        }
    }

    /** Its answer is over, though the worker is not done with it. */
    synchronized void giveUp(Outcome outcome) {
        if (hasEnded) {
            outcome.release();
        } else {
            hasEnded = true;
            answers.end(place, outcome);
        }
    }

    /** Its answer is over, and the worker is done with it. */
    synchronized void end(Outcome outcome) {
        giveUp(outcome);
        disown();
    }

    /** The worker will not have it, and whoever called answers it, if it is not answered. */
    synchronized void disown() {
        hasEnded = true;
        if (!isGone) {
            isGone = true;
            whenGone.run();
        }
    }
}
