// SPDX-License-Identifier: Apache-2.0
/**
 * HTTP/1.1 over Netty: listeners, limits, routing, the access log, and an end of service that drops no request.
 *
 * <p><b>Start here:</b> {@link dev.sluice.server.transport.http.HttpTransport}; for the life of one connection,
 * {@link dev.sluice.server.transport.http.HttpConnection}; for how a path finds its endpoint,
 * {@link dev.sluice.server.transport.http.Router}.
 *
 * <p><b>Threads:</b> everything of one connection is confined to the event loop it was assigned to; calls from other threads
 * hop onto it. Nothing here blocks an event loop.
 *
 * <p><b>May not import:</b> any one protocol, {@code scheduling}, {@code lifecycle}, {@code serving}. What a request means is
 * unknown here.
 */
@NullMarked
package dev.sluice.server.transport.http;

import org.jspecify.annotations.NullMarked;
