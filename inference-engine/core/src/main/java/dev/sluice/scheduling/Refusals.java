// SPDX-License-Identifier: Apache-2.0
package dev.sluice.scheduling;

import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * What a queue says to requests it does not take. Under overload that is most of its work, so it costs little: the answer to a
 * full queue is made once a second at most.
 *
 * <p><b>Threads:</b> safe from any thread.
 */
final class Refusals {
    private final String model;
    private final Admission admission;
    private final ServiceTimes times;

    /** Written by whoever refuses first in a second: what the next are told; null before the first. */
    private volatile @Nullable Full lastFull;

    private record Full(long retrySeconds, ServingException refusal) {}

    Refusals(String model, Admission admission, ServiceTimes times) {
        this.model = model;
        this.admission = admission.outermost();
        this.times = times;
    }

    /** No more would fit, with {@code instances} at work on what waits. */
    ServingException overloaded(int instances) {
        long drainNanos = times.drainNanos(admission.rows(), instances);
        long seconds = Math.max(1, TimeUnit.NANOSECONDS.toSeconds(drainNanos + 999_999_999));
        QueueBounds bounds = admission.bounds();
        // The bound that was met; another thread may have made room again meanwhile.
        if (admission.requests() < bounds.requests()) {
            return overloaded(
                    admission.rows() + " rows of at most " + bounds.rows() + " and " + admission.bytes()
                            + " bytes of at most " + bounds.bytes(),
                    seconds);
        }
        Full last = lastFull;
        if (last == null || last.retrySeconds != seconds) {
            String held = bounds.requests() + " requests of at most " + bounds.requests();
            last = new Full(seconds, overloaded(held, seconds));
            lastFull = last;
        }
        return last.refusal;
    }

    private ServingException overloaded(String held, long seconds) {
        return new ServingException(
                ErrorCode.OVERLOADED,
                "Model \"" + model + "\" is overloaded: its queue holds " + held + ". Retry later.",
                Duration.ofSeconds(seconds));
    }

    /** It is to run at once or not at all, and no instance is free. */
    ServingException noneIdle() {
        return new ServingException(
                ErrorCode.OVERLOADED,
                "Model \"" + model + "\" takes a request only when an instance is free, and none is. Retry later.",
                Duration.ofSeconds(1));
    }

    /** It came after its deadline. */
    ServingException late() {
        return ServingException.refusal(
                ErrorCode.DEADLINE_EXCEEDED, "The deadline had passed when the request for model " + model + " came");
    }

    /** It has more rows than a batch may. */
    ServingException tooManyRows(int rows, int most) {
        return ServingException.refusal(
                ErrorCode.INVALID_INPUT,
                "rows: " + rows + " (expected: 1.." + most + ", the batch size of model \"" + model + "\")");
    }

    /** It would be taken in parts, but has more rows than the empty queue holds. */
    ServingException neverFits(int rows, long most) {
        return ServingException.refusal(
                ErrorCode.INVALID_INPUT,
                "rows: " + rows + " (expected: 1.." + most + ", what the queue of model \"" + model + "\" holds)");
    }
}
