// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.transport.grpc;

import java.util.List;

/**
 * What a {@link GrpcTransport} is built with.
 *
 * @param listeners one for each plane that is served
 * @param maxMessageBytes of one message of a client
 */
public record GrpcTransportConfig(List<GrpcListenerConfig> listeners, int maxMessageBytes) {
    public GrpcTransportConfig {
        listeners = List.copyOf(listeners);
        if (maxMessageBytes < 1) {
            throw new IllegalArgumentException("maxMessageBytes: " + maxMessageBytes + " (expected: 1 or more)");
        }
    }
}
