// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.transport.grpc;

import dev.sluice.server.protocol.Plane;
import java.time.Duration;
import java.util.Optional;

/**
 * One address, and what is served there.
 *
 * @param port 0 for any that is free
 * @param maxAge after which a connection is asked to go; empty for never
 * @param maxAgeGrace how long its calls may take after that; empty for as long as they take
 */
public record GrpcListenerConfig(
        Plane plane, String host, int port, Optional<Duration> maxAge, Optional<Duration> maxAgeGrace) {
    private static final int HIGHEST_PORT = 65_535;

    public GrpcListenerConfig {
        if (port < 0 || port > HIGHEST_PORT) {
            throw new IllegalArgumentException("port: " + port + " (expected: 0.." + HIGHEST_PORT + ")");
        }
    }
}
