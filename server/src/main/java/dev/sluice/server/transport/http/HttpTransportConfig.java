// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.transport.http;

import java.util.List;

/**
 * What an {@link HttpTransport} is built with.
 *
 * @param listeners two that name the same address and port become one that serves the planes of both
 * @param eventLoopThreads 0 for half the processors, at least 2
 * @param useNativeIo whether to use epoll where there is one
 * @param crossOrigin what browsers are told
 */
public record HttpTransportConfig(
        List<ListenerConfig> listeners,
        HttpLimits limits,
        int eventLoopThreads,
        boolean useNativeIo,
        CrossOrigin crossOrigin) {
    public HttpTransportConfig {
        listeners = List.copyOf(listeners);
        if (listeners.isEmpty()) {
            throw new IllegalArgumentException("listeners: none (expected: 1 or more)");
        }
        if (eventLoopThreads < 0) {
            throw new IllegalArgumentException("eventLoopThreads: " + eventLoopThreads + " (expected: 0 or more)");
        }
    }

    /** Browsers are told nothing. */
    public HttpTransportConfig(
            List<ListenerConfig> listeners, HttpLimits limits, int eventLoopThreads, boolean useNativeIo) {
        this(listeners, limits, eventLoopThreads, useNativeIo, CrossOrigin.NONE);
    }
}
