// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.transport.http;

import dev.sluice.inference.Ticker;
import dev.sluice.server.protocol.AccessControl;
import dev.sluice.server.protocol.Plane;
import dev.sluice.server.protocol.Protocol;
import dev.sluice.tensor.MemoryBudget;
import dev.sluice.tensor.MemoryLedger;
import java.time.Duration;
import java.util.List;
import java.util.Set;

/** Transports for tests: loopback, a free port, small limits. */
final class TestTransport {
    /** Small enough to be reached, and timeouts long enough never to be. */
    static final HttpLimits LIMITS = new HttpLimits(
            1 << 20,
            1024,
            2048,
            20,
            4,
            100,
            1 << 20,
            1024,
            Duration.ofSeconds(60),
            Duration.ofSeconds(60),
            Duration.ofSeconds(60),
            Duration.ofSeconds(60),
            Duration.ofSeconds(60),
            Duration.ofSeconds(2));

    private TestTransport() {}

    static HttpTransport start(Protocol protocol) {
        return start(LIMITS, protocol);
    }

    static HttpTransport start(HttpLimits limits, Protocol... protocols) {
        return start(limits, MemoryBudget.unlimited(), protocols);
    }

    static HttpTransport start(HttpLimits limits, MemoryBudget budget, Protocol... protocols) {
        ListenerConfig listener = new ListenerConfig("127.0.0.1", 0, Set.of(Plane.INFERENCE));
        HttpTransport transport = new HttpTransport(
                new HttpTransportConfig(List.of(listener), limits, 2, true),
                List.of(protocols),
                FakeProtocol.errors("unmatched"),
                AccessControl.OPEN,
                Ticker.system(),
                budget,
                new MemoryLedger());
        transport.start();
        return transport;
    }

    /** {@link #LIMITS} with short timeouts. */
    static HttpLimits withTimeouts(Duration header, Duration bodyGrace, Duration idle) {
        return new HttpLimits(
                LIMITS.maxRequestBytes(),
                LIMITS.maxRequestLineBytes(),
                LIMITS.maxHeaderBytes(),
                LIMITS.maxHeaders(),
                LIMITS.maxPipelined(),
                LIMITS.maxConnections(),
                LIMITS.maxUnsentBytes(),
                LIMITS.minBytesPerSecond(),
                header,
                bodyGrace,
                LIMITS.bodyTimeout(),
                idle,
                idle,
                LIMITS.lingerTimeout());
    }
}
