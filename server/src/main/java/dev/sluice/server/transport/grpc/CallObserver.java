// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.transport.grpc;

import dev.sluice.server.protocol.Plane;

/**
 * Hears of every call that ends, but those that were not let in.
 *
 * <p><b>Threads:</b> called on event loops; must not block and must not throw.
 */
@FunctionalInterface
public interface CallObserver {
    /** Nobody listens. */
    CallObserver NONE = (plane, method, status, durationNanos) -> {};

    /**
     * One has ended.
     *
     * @param method such as {@code org.pytorch.serve.grpc.inference.InferenceAPIsService/Predictions}
     * @param status the number gRPC has for it
     */
    void callEnded(Plane plane, String method, int status, long durationNanos);
}
