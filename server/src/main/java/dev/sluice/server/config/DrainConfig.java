// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.config;

import java.time.Duration;

/**
 * How the server stops.
 *
 * @param delay how long it still takes new connections, so that routers can learn of it
 * @param timeout how long accepted requests may then take to finish
 */
public record DrainConfig(Duration delay, Duration timeout) {}
