// SPDX-License-Identifier: Apache-2.0
package dev.sluice.scheduling;

/**
 * Decision, for a free instance, whether the waiting requests run now or wait for company.
 *
 * <p>Pure: the same facts at the same time give the same decision, and nothing else is looked at.
 */
@FunctionalInterface
public interface BatchPolicy {
    /**
     * What the free instance is to do now.
     *
     * @param queue what waits; at least one request
     * @param nowNanos now, on the clock the facts were taken by
     */
    Decision decide(QueueFacts queue, long nowNanos);

    /**
     * What a policy may look at.
     *
     * @param waiting requests that wait, 1 or more
     * @param oldestNanos when the oldest of them was submitted
     */
    record QueueFacts(int waiting, long oldestNanos) {}

    /** What is to be done. */
    sealed interface Decision {
        /** Run the {@code size} oldest requests now; 1 or more, at most those waiting. */
        record Close(int size) implements Decision {
            public Close {
                if (size < 1) {
                    throw new IllegalArgumentException("size: " + size + " (expected: 1 or more)");
                }
            }
        }

        /** Ask again at {@code nanos}, or as soon as another request comes. */
        record WaitUntil(long nanos) implements Decision {}
    }
}
