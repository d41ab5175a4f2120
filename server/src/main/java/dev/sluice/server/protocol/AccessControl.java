// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.protocol;

import java.util.Optional;

/**
 * Decides who may call what.
 *
 * <p><b>Threads:</b> safe from any thread; never blocks.
 */
@FunctionalInterface
public interface AccessControl {
    /** Everybody may call everything. */
    AccessControl OPEN = (plane, authorization) -> {};

    /**
     * Returns if whoever sent {@code authorization} may use the endpoints of {@code plane}.
     *
     * @param authorization value of the header of that name
     * @throws dev.sluice.inference.ServingException {@code UNAUTHENTICATED} or {@code PERMISSION_DENIED}
     */
    void check(Plane plane, Optional<String> authorization);
}
