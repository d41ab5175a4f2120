// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.protocol.torchserve.envelope;

import dev.sluice.inference.InferenceRequest;

/**
 * A form in which requests come and answers go, besides what handlers take and give.
 *
 * <p><b>Threads:</b> safe from any thread.
 *
 * <p><b>Source:</b> torchserve.md section 8.4.
 */
public interface Envelope {
    /**
     * What is in it.
     *
     * <p><b>Ownership:</b> takes {@code request}, always.
     *
     * @throws dev.sluice.inference.ServingException {@code INVALID_INPUT} saying what is malformed
     */
    Letter open(InferenceRequest request);

    /** Whether opening it takes no time worth speaking of, however much is in it. */
    boolean isQuick();
}
