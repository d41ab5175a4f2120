// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.python;

/**
 * How a model is spread over the processes of one worker.
 *
 * <p><b>Source:</b> spec torchserve, 6.3 and 7.6.
 */
public enum ParallelType {
    /** Not at all. */
    NONE,
    /** As a pipeline: the first process takes requests. */
    PP,
    /** Each layer in parts: all processes take all requests. */
    TP,
    /** Both. */
    PPTP,
    /** As the handler does it: one process is started, which sees to the others. */
    CUSTOM;

    /** Whether every process takes every request. */
    boolean sendsToAll() {
        return this == TP || this == PPTP;
    }

    /** Whether a launcher starts one process per part. */
    boolean hasRanks() {
        return this != NONE && this != CUSTOM;
    }
}
