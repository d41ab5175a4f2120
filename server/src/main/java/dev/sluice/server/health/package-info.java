// SPDX-License-Identifier: Apache-2.0
/**
 * Whether this server lives, has started, and is ready: one truth behind every endpoint that tells it, in whatever protocol.
 *
 * <p><b>Start here:</b> {@link dev.sluice.server.health.Readiness}; {@link dev.sluice.server.health.HealthProtocol} is its
 * face over HTTP.
 *
 * <p><b>Threads:</b> asked from any thread, event loops included; nothing here waits.
 *
 * <p><b>May not import:</b> transports or any one protocol.
 */
@NullMarked
package dev.sluice.server.health;

import org.jspecify.annotations.NullMarked;
