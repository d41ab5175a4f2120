// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.config;

import java.time.Duration;

/**
 * What callers over the network may do.
 *
 * @param modelApi whether they may register and remove models
 * @param unregisterTimeout longest time removing one may take
 */
public record AdminConfig(boolean modelApi, Duration unregisterTimeout) {}
