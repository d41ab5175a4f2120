// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.protocol;

/** Answers the requests of one endpoint. */
@FunctionalInterface
public interface RestHandler {
    /**
     * Answers through {@code responder}, now or later, exactly once.
     *
     * <p><b>Threads:</b> called on an event loop; must not block.
     *
     * <p><b>Ownership:</b> owns the request's body from the call on, also when it throws.
     *
     * <p><b>Errors:</b> whatever it throws before having responded is answered through the protocol's
     * {@link ErrorMapper}.
     */
    void handle(RestRequest request, RestResponder responder);
}
