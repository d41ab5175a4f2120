// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.transport.http;

import java.time.Duration;

/** Event loops without a transport. */
public final class TestLoops implements AutoCloseable {
    private final EventLoops loops = EventLoops.start(1, true);

    public EventLoops loops() {
        return loops;
    }

    @Override
    public void close() {
        loops.stop(Duration.ofSeconds(5));
    }
}
