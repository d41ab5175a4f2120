// SPDX-License-Identifier: Apache-2.0
package dev.sluice.inference;

import java.util.Map;

/**
 * What goes with a request along every step.
 *
 * @param requestId unique per request; clients see it
 * @param protocol name of the protocol it came by, for metrics
 * @param admittedNanos when it was decoded, on the server's {@link Ticker}
 * @param deadlineNanos when the answer is no longer wanted, on the same ticker; {@link #NO_DEADLINE} for never
 * @param headers the caller's headers as handlers may see them
 */
public record RequestContext(
        String requestId,
        String protocol,
        long admittedNanos,
        long deadlineNanos,
        Map<String, String> headers,
        Cancellation cancellation) {
    /** No deadline. Tickers may wrap, so this value is compared with {@code ==} and never subtracted. */
    public static final long NO_DEADLINE = Long.MAX_VALUE;

    public RequestContext {
        headers = Map.copyOf(headers);
    }

    /** Whether the deadline has passed at {@code nowNanos}. */
    public boolean isExpired(long nowNanos) {
        return deadlineNanos != NO_DEADLINE && nowNanos - deadlineNanos >= 0;
    }
}
