// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server;

import java.util.concurrent.TimeUnit;

/**
 * So many lines a second, and not one more.
 *
 * <p><b>Threads:</b> safe from any thread.
 */
final class LineBudget {
    /** In each second. */
    static final int LINES = 5000;

    private static final long SECOND = TimeUnit.SECONDS.toNanos(1);

    /** Guarded by this: when the second that is counted began. */
    private long begin;

    /** Guarded by this: lines in that second. */
    private long lines;

    LineBudget(long now) {
        this.begin = now;
    }

    /**
     * Whether a line may be written.
     *
     * @param leftOut lines of the last second that were not, told once
     */
    record Verdict(boolean isIn, long leftOut) {}

    synchronized Verdict ask(long now) {
        long leftOut = 0;
        if (now - begin >= SECOND) {
            leftOut = Math.max(0, lines - LINES);
            begin = now;
            lines = 0;
        }
        lines++;
        return new Verdict(lines <= LINES, leftOut);
    }

    /** Whether nothing was left out that is still to be told, and nobody asked for a while. */
    synchronized boolean isIdle(long now) {
        return now - begin >= 60 * SECOND && lines <= LINES;
    }
}
