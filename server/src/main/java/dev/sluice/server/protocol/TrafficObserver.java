// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.protocol;

import dev.sluice.inference.ErrorCode;

/**
 * Hears what transports did beside inference, for metrics. Requests to models are told by the core, whatever they came by.
 *
 * <p><b>Threads:</b> called on event loops; must not block and must not throw.
 */
public interface TrafficObserver {
    /** Hears nothing. */
    TrafficObserver NONE = new TrafficObserver() {};

    /** An answer left over HTTP, on whichever listener. */
    default void answered(int status) {}

    /** A request over HTTP was turned away before any endpoint saw it. */
    default void refused(Rejection rejection) {}

    /**
     * A caller was turned away since it may not do that.
     *
     * @param protocol by which it came: {@code http} or {@code grpc}
     * @param code {@code UNAUTHENTICATED} or {@code PERMISSION_DENIED}
     */
    default void denied(String protocol, ErrorCode code) {}

    /**
     * A call that is not inference ended.
     *
     * @param protocol by which it came, such as {@code grpc}
     * @param operation a name of ours, never of the caller's
     * @param code canonical status word, such as {@code OK} or {@code NOT_FOUND}
     */
    default void callEnded(String protocol, String operation, String code, long nanos) {}

    /** Tells both, one after the other. */
    static TrafficObserver both(TrafficObserver first, TrafficObserver second) {
        return new TrafficObserver() {
            @Override
            public void answered(int status) {
                first.answered(status);
                second.answered(status);
            }

            @Override
            public void refused(Rejection rejection) {
                first.refused(rejection);
                second.refused(rejection);
            }

            @Override
            public void denied(String protocol, ErrorCode code) {
                first.denied(protocol, code);
                second.denied(protocol, code);
            }

            @Override
            public void callEnded(String protocol, String operation, String code, long nanos) {
                first.callEnded(protocol, operation, code, nanos);
                second.callEnded(protocol, operation, code, nanos);
            }
        };
    }
}
