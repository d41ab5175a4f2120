// SPDX-License-Identifier: Apache-2.0
package dev.sluice.scheduling;

import dev.sluice.engine.RestartPolicy;
import dev.sluice.inference.Ticker;

/**
 * How often one instance failed in a row, and when it is to be made anew. A try that comes up has not failed, even if it is lost before
 * it ran anything: then tries begin with the second delay, lest it comes up and goes without end; it is failing all the same until it
 * runs something, or stays up for as long as the longest delay.
 *
 * <p><b>Threads:</b> changed by the carrier of the instance; {@link #isDown}, {@link #hasFailed} and {@link #nextTryNanos} are safe from
 * any thread.
 */
final class Recovery {
    /** There will be no try. */
    static final long NEVER = TimerWheel.NEVER;

    private final RestartPolicy policy;
    private final Ticker ticker;

    /** The carrier's: failures since it was up or ran something. */
    private int failures;

    /** The carrier's: whether the last try was not in vain. */
    private boolean isUp;

    /** The carrier's: since when, if so. */
    private long upSinceNanos;

    /** The carrier's: how long the last try had been waited for. */
    private long waitedNanos;

    /** Written by the carrier: whether a try that was waited for has failed, or none will be made; until it is up again. */
    private volatile boolean isDown;

    /** Written by the carrier: when the first of these failures was; read only while {@link #isFailing}. */
    private volatile long failingSinceNanos;

    /** Written by the carrier: whether it failed since it last ran something or was up for long. */
    private volatile boolean isFailing;

    /** Written by the carrier: when it is tried again; {@link #NEVER} for not at all. */
    private volatile long nextTryNanos;

    Recovery(RestartPolicy policy, Ticker ticker) {
        this.policy = policy;
        this.ticker = ticker;
        this.nextTryNanos = ticker.nanos();
    }

    /** It failed. Gives how long to wait before the next try; {@link #NEVER} if there is to be none. */
    long failed() {
        long now = ticker.nanos();
        boolean wasUp = isUp;
        isUp = false;
        if (wasUp) {
            // Never at once, in case it always comes up and goes again.
            failures = now - upSinceNanos < policy.longestDelay().toNanos() ? Math.min(failures, 1) : 0;
        }
        if (failures == 0) {
            failingSinceNanos = now;
            isFailing = true;
        }
        failures++;
        if (!policy.tries()) {
            nextTryNanos = NEVER;
            isDown = true;
            return NEVER;
        }
        // A try that came at once proves nothing: what it needs may not have been given back yet.
        isDown = failures > 1 && waitedNanos > 0 && !wasUp;
        waitedNanos = policy.delay(failures).toNanos();
        nextTryNanos = now + waitedNanos;
        return waitedNanos;
    }

    /** It takes batches. */
    void up() {
        isUp = true;
        upSinceNanos = ticker.nanos();
        isDown = false;
    }

    /** It ran something. */
    void ran() {
        if (failures > 0) {
            failures = 0;
            isFailing = false;
        }
    }

    /** Whether it is the first failure since it ran something. */
    boolean isFirst() {
        return failures == 1;
    }

    /** Whether nobody should wait for it: a try that was waited for has failed, or there will be none. */
    boolean isDown() {
        return isDown;
    }

    /** Whether it has been tried in vain for longer than its policy calls trying. */
    boolean hasFailed() {
        return isFailing
                && ticker.nanos() - failingSinceNanos >= policy.window().toNanos();
    }

    /** When it is tried again; {@link #NEVER} for not at all. */
    long nextTryNanos() {
        return nextTryNanos;
    }
}
