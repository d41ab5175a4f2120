// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.protocol;

import dev.sluice.inference.ServingException;

/** A protocol's own wording and status for everything that can go wrong. */
public interface ErrorMapper {
    /** For a failure of the core; a switch over {@link ServingException#code()} without a default. */
    RestResponse map(String requestId, ServingException failure);

    /** For a request that never reached an endpoint; a switch over {@link Rejection} without a default. */
    RestResponse map(String requestId, Rejection rejection, String detail);
}
