// SPDX-License-Identifier: Apache-2.0
/**
 * gRPC over grpc-java: listeners, who may call, the access log, health, reflection, and an end of service that drops no call.
 *
 * <p><b>Start here:</b> {@link dev.sluice.server.transport.grpc.GrpcTransport}.
 *
 * <p><b>Threads:</b> calls run on the event loops of the HTTP transport, which nothing here may block.
 *
 * <p><b>May not import:</b> any one protocol, {@code scheduling}, {@code lifecycle}, {@code serving}. What a call means is
 * unknown here.
 */
@NullMarked
package dev.sluice.server.transport.grpc;

import org.jspecify.annotations.NullMarked;
