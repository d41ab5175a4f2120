// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.transport.grpc;

import dev.sluice.server.transport.tls.TlsMaterial;
import java.util.List;
import java.util.Optional;

/**
 * What a {@link GrpcTransport} is built with.
 *
 * @param listeners one for each plane that is served
 * @param maxMessageBytes of one message of a client
 * @param tls the key and certificate of listeners that speak TLS; empty for plain text
 */
public record GrpcTransportConfig(List<GrpcListenerConfig> listeners, int maxMessageBytes, Optional<TlsMaterial> tls) {
    public GrpcTransportConfig {
        listeners = List.copyOf(listeners);
        if (maxMessageBytes < 1) {
            throw new IllegalArgumentException("maxMessageBytes: " + maxMessageBytes + " (expected: 1 or more)");
        }
    }
}
