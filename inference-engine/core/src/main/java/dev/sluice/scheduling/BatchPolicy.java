// SPDX-License-Identifier: Apache-2.0
package dev.sluice.scheduling;

import dev.sluice.inference.RequestContext;
import dev.sluice.model.BatchSpec;

/**
 * Decision, for a free instance, whether the waiting requests run now or wait for company.
 *
 * <p>Pure: the same facts at the same time give the same decision, and nothing else is looked at but what {@link #executed} told.
 *
 * <p><b>Threads:</b> safe from any thread; must not block.
 */
@FunctionalInterface
public interface BatchPolicy {
    /** The policy {@code spec} asks for. */
    static BatchPolicy of(BatchSpec spec) {
        return spec.latencyTarget()
                .<BatchPolicy>map(target -> new LatencyTargetPolicy(spec, target))
                .orElseGet(() -> new SizeOrDelayPolicy(spec));
    }

    /**
     * What the free instance is to do now.
     *
     * @param queue what waits; at least one request
     * @param nowNanos now, on the clock the facts were taken by
     */
    Decision decide(QueueFacts queue, long nowNanos);

    /** Most rows any batch may have, 1 or more, always the same. 1 means that each request runs alone, however many rows it has. */
    default int maxRows() {
        return Integer.MAX_VALUE;
    }

    /** Rows for which a batch would not wait now; 1 to {@link #maxRows}. */
    default int fullRows() {
        return maxRows();
    }

    /** A batch of {@code rows} rows, padding included, took an instance {@code computeNanos}; for policies that learn. */
    default void executed(int rows, long computeNanos) {}

    /**
     * What a policy may look at: the requests that could run together now, the next one due among them.
     *
     * @param waiting their rows, 1 or more; not counted further than {@link #maxRows}
     * @param oldestNanos when the oldest of all that wait was submitted
     * @param hasWaitedForInstance whether that one, or the one that is due, came when all instances were busy
     * @param startByNanos when a batch has to start lest a deadline is missed; {@link RequestContext#NO_DEADLINE} for never
     * @param rowsPerNano how many rows have come of late, of all shapes
     */
    record QueueFacts(
            int waiting, long oldestNanos, boolean hasWaitedForInstance, long startByNanos, double rowsPerNano) {
        /** Requests without deadlines that found an instance idle, when no others come. */
        public QueueFacts(int waiting, long oldestNanos) {
            this(waiting, oldestNanos, false, RequestContext.NO_DEADLINE, 0);
        }

        /** Whether waiting any longer at {@code nowNanos} would cost a deadline. */
        public boolean mustStart(long nowNanos) {
            return startByNanos != RequestContext.NO_DEADLINE && nowNanos - startByNanos >= 0;
        }

        /** {@code nanos}, or the time by which they have to start if that is earlier. */
        public long noLaterThanStartBy(long nanos) {
            return startByNanos != RequestContext.NO_DEADLINE && startByNanos - nanos < 0 ? startByNanos : nanos;
        }
    }

    /** What is to be done. */
    sealed interface Decision {
        /** Run now, with at most {@code size} rows, 1 or more; the request that is due goes even if it alone has more. */
        record Close(int size) implements Decision {
            public Close {
                if (size < 1) {
                    throw new IllegalArgumentException("size: " + size + " (expected: 1 or more)");
                }
            }
        }

        /** Ask again at {@code nanos}, or earlier if what waits has changed. */
        record WaitUntil(long nanos) implements Decision {}
    }
}
