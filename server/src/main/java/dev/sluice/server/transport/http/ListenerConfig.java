// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.transport.http;

import dev.sluice.server.protocol.Plane;
import java.util.Set;

/**
 * One address to listen on.
 *
 * @param host name or address of a local interface
 * @param port 0 for any free one
 * @param planes whose endpoints are reachable there, one or more
 */
public record ListenerConfig(String host, int port, Set<Plane> planes) {
    public ListenerConfig {
        planes = Set.copyOf(planes);
        if (port < 0 || port > 65_535) {
            throw new IllegalArgumentException("port: " + port + " (expected: 0..65535)");
        }
        if (planes.isEmpty()) {
            throw new IllegalArgumentException(
                    "listener " + host + ":" + port + " has no planes (expected: 1 or more)");
        }
    }
}
