// SPDX-License-Identifier: Apache-2.0
/**
 * What a protocol plugs into the transports: a table of endpoints, and a mapper from failures to its own error shape.
 *
 * <p><b>Start here:</b> {@link dev.sluice.server.protocol.Protocol}; to add one, write a sibling package with a
 * {@code Protocol}, its codecs and its {@link dev.sluice.server.protocol.ErrorMapper}, and name it in {@code ServerApp}.
 *
 * <p><b>Threads:</b> endpoints are called on event loops and must not block; responders may be used from any thread.
 *
 * <p><b>May not import:</b> Netty, gRPC, a transport, or any one protocol.
 */
@NullMarked
package dev.sluice.server.protocol;

import org.jspecify.annotations.NullMarked;
