// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.transport.http;

import dev.sluice.server.protocol.Plane;
import io.netty.handler.ssl.SslContext;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;

/**
 * One address to listen on.
 *
 * @param host name or address of a local interface; empty for a Unix socket
 * @param port 0 for any free one
 * @param socketFile where the Unix socket is to be that this is
 * @param tls how TLS is spoken there; empty for plain text
 * @param planes whose endpoints are reachable there, one or more
 */
public record ListenerConfig(
        String host, int port, Optional<Path> socketFile, Optional<SslContext> tls, Set<Plane> planes) {
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

    /** One that speaks plain text over TCP. */
    public ListenerConfig(String host, int port, Set<Plane> planes) {
        this(host, port, Optional.empty(), Optional.empty(), planes);
    }

    /** A Unix socket. */
    public static ListenerConfig unix(Path socketFile, Set<Plane> planes) {
        return new ListenerConfig("", 0, Optional.of(socketFile), Optional.empty(), planes);
    }

    /** The same address, which also serves {@code others}. */
    ListenerConfig with(Set<Plane> others) {
        Set<Plane> all = new HashSet<>(planes);
        all.addAll(others);
        return new ListenerConfig(host, port, socketFile, tls, all);
    }
}
