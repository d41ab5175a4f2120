// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.protocol;

import java.util.List;

/**
 * One wire protocol over gRPC.
 *
 * <p><b>Threads:</b> services are asked for once, before anything is served; {@link #startDraining} is called by any thread.
 */
public interface GrpcProtocol {
    List<GrpcService> services();

    /** The server is about to stop: calls that only wait for their client to say more are ended, now and from now on. */
    default void startDraining() {}
}
