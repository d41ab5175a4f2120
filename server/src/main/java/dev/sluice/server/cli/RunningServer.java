// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.cli;

import dev.sluice.server.protocol.Plane;
import java.util.Map;

/** A server that serves. */
public interface RunningServer extends AutoCloseable {
    /** The base URL of each plane that is served, with the port it was given. */
    Map<Plane, String> addresses();

    /** Where gRPC of each plane is served, as {@code host:port}; empty if it is not. */
    default Map<Plane, String> grpcAddresses() {
        return Map.of();
    }

    /** Waits until something ends the process; does not return before. */
    void awaitStop();

    /** Stops taking requests, answers those it has, and frees everything. */
    @Override
    void close();
}
