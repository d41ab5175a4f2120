// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server;

import dev.sluice.inference.ServingException;
import dev.sluice.server.protocol.AccessControl;
import dev.sluice.server.protocol.Plane;
import dev.sluice.server.protocol.TrafficObserver;
import dev.sluice.server.transport.grpc.CallObserver;
import io.grpc.Status;

/**
 * Tells the observer of all traffic what happens over gRPC. Inference is told by the core itself, whichever way it came.
 *
 * <p><b>Threads:</b> as its contracts say.
 */
record GrpcTraffic(TrafficObserver observer) implements CallObserver {
    private static final String PROTOCOL = "grpc";

    @Override
    public void callEnded(Plane plane, String method, int status, long durationNanos) {
        if (plane == Plane.MANAGEMENT) {
            observer.callEnded(
                    PROTOCOL,
                    method.substring(method.lastIndexOf('/') + 1),
                    Status.fromCodeValue(status).getCode().name(),
                    durationNanos);
        }
    }

    /** The same control, of which the observer hears whom it turns away. */
    AccessControl watching(AccessControl control) {
        return (plane, authorization) -> {
            try {
                control.check(plane, authorization);
            } catch (ServingException refusal) {
                observer.denied(PROTOCOL, refusal.code());
                throw refusal;
            }
        };
    }
}
