// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.config;

import java.util.Optional;

/**
 * Which addresses are served, and how. Planes with the same address share a listener.
 *
 * @param eventLoopThreads 0 for as many as suit the machine
 * @param nativeTransport whether epoll may be used where there is one
 */
public record ListenersConfig(
        BindAddress inference,
        BindAddress management,
        Optional<BindAddress> metrics,
        int eventLoopThreads,
        boolean nativeTransport,
        int maxRequestBytes) {}
