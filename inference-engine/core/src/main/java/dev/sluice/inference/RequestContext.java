// SPDX-License-Identifier: Apache-2.0
package dev.sluice.inference;

import java.util.Map;
import java.util.Optional;

/**
 * What goes with a request along every step.
 *
 * @param requestId unique per request; clients see it
 * @param protocol name of the protocol it came by, for metrics
 * @param admittedNanos when it was decoded, on the server's {@link Ticker}
 * @param deadlineNanos when the answer is no longer wanted, on the same ticker; {@link #NO_DEADLINE} for never
 * @param headers the caller's headers as handlers may see them
 * @param tenant whose share of a model the request uses; all requests with the same text share one, empty for the common one
 * @param priority level wanted, 1 being the highest; {@link #DEFAULT_PRIORITY} for the model's default
 * @param sequence which it belongs to; only models that keep sequences look at it
 */
public record RequestContext(
        String requestId,
        String protocol,
        long admittedNanos,
        long deadlineNanos,
        Map<String, String> headers,
        Cancellation cancellation,
        String tenant,
        int priority,
        Optional<SequenceRef> sequence) {
    /** No deadline. Tickers may wrap, so this value is compared with {@code ==} and never subtracted. */
    public static final long NO_DEADLINE = Long.MAX_VALUE;

    /** Leaves the level to the model. */
    public static final int DEFAULT_PRIORITY = 0;

    public RequestContext {
        headers = Map.copyOf(headers);
        if (priority < 0) {
            throw new IllegalArgumentException("priority: " + priority + " (expected: 0 or more)");
        }
    }

    /** A request of the common tenant with the model's default priority. */
    public RequestContext(
            String requestId,
            String protocol,
            long admittedNanos,
            long deadlineNanos,
            Map<String, String> headers,
            Cancellation cancellation) {
        this(
                requestId,
                protocol,
                admittedNanos,
                deadlineNanos,
                headers,
                cancellation,
                "",
                DEFAULT_PRIORITY,
                Optional.empty());
    }

    /** A request of no sequence. */
    public RequestContext(
            String requestId,
            String protocol,
            long admittedNanos,
            long deadlineNanos,
            Map<String, String> headers,
            Cancellation cancellation,
            String tenant,
            int priority) {
        this(
                requestId,
                protocol,
                admittedNanos,
                deadlineNanos,
                headers,
                cancellation,
                tenant,
                priority,
                Optional.empty());
    }

    /** The same request on {@code tenant}'s share. */
    public RequestContext withTenant(String tenant) {
        return new RequestContext(
                requestId, protocol, admittedNanos, deadlineNanos, headers, cancellation, tenant, priority, sequence);
    }

    /** The same request at another level. */
    public RequestContext withPriority(int priority) {
        return new RequestContext(
                requestId, protocol, admittedNanos, deadlineNanos, headers, cancellation, tenant, priority, sequence);
    }

    /** The same request as one of {@code sequence}. */
    public RequestContext withSequence(SequenceRef of) {
        return new RequestContext(
                requestId,
                protocol,
                admittedNanos,
                deadlineNanos,
                headers,
                cancellation,
                tenant,
                priority,
                Optional.of(of));
    }

    /** The same request, given up by another. */
    public RequestContext withCancellation(Cancellation cancellation) {
        return new RequestContext(
                requestId, protocol, admittedNanos, deadlineNanos, headers, cancellation, tenant, priority, sequence);
    }

    /** Whether the deadline has passed at {@code nowNanos}. */
    public boolean isExpired(long nowNanos) {
        return deadlineNanos != NO_DEADLINE && nowNanos - deadlineNanos >= 0;
    }
}
