// SPDX-License-Identifier: Apache-2.0
/**
 * What transports share: the log of requests.
 *
 * <p><b>Start here:</b> {@link dev.sluice.server.transport.AccessLog}.
 *
 * <p><b>Threads:</b> used on event loops.
 *
 * <p><b>May not import:</b> a transport, or any one protocol.
 */
@NullMarked
package dev.sluice.server.transport;

import org.jspecify.annotations.NullMarked;
