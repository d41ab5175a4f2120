// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.transport.http;

import dev.sluice.server.protocol.Rejection;
import io.netty.handler.codec.http.HttpRequest;
import org.jspecify.annotations.Nullable;

/** What was read: a request, or the reason why there will be none. */
sealed interface Incoming {
    /** Its head, as far as it was understood. */
    @Nullable
    HttpRequest head();

    /** When its last byte was read. */
    long receivedNanos();

    /** A whole request; whoever holds it owns the body. */
    record Whole(HttpRequest head, ReceivedBody body, long receivedNanos) implements Incoming {}

    /**
     * No request.
     *
     * @param isLast whether the connection cannot be read any further
     */
    record Refused(@Nullable HttpRequest head, Rejection rejection, String detail, long receivedNanos, boolean isLast)
            implements Incoming {}
}
