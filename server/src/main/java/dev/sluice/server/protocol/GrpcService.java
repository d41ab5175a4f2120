// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.protocol;

import io.grpc.ServerServiceDefinition;

/**
 * One gRPC service, and where it is reachable.
 *
 * @param definition its methods never block: they are called on event loops
 * @param open whether everybody may call it, or only those whom {@link AccessControl} lets
 */
public record GrpcService(Plane plane, ServerServiceDefinition definition, boolean open) {
    /** One that {@link AccessControl} guards. */
    public GrpcService(Plane plane, ServerServiceDefinition definition) {
        this(plane, definition, false);
    }
}
