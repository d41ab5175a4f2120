// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.transport.grpc;

import java.util.Optional;

/**
 * Answers the questions of the health service.
 *
 * <p><b>Threads:</b> asked on event loops; does not block.
 */
public interface ServiceHealth {
    /** Whether the server takes requests. */
    boolean isServing();

    /** Whether that model does; empty if there is none of that name. */
    Optional<Boolean> isServing(String model);
}
