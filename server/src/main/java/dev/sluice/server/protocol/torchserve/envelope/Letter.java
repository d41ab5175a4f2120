// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.protocol.torchserve.envelope;

import dev.sluice.inference.InferenceResponse;
import dev.sluice.inference.Input;
import java.util.List;

/** What was in one envelope: requests of their own, and how their answers go back together. */
interface Letter {
    /**
     * Inputs of each request, one or more.
     *
     * <p><b>Ownership:</b> the letter owns them until they are taken, and does not look at them again.
     */
    List<List<Input>> requests();

    /** Names of the outputs wanted of each; empty for all. */
    default List<String> wantedOutputs() {
        return List.of();
    }

    /**
     * One answer of many.
     *
     * <p><b>Ownership:</b> takes {@code answers}, always; there is one for each request, in their order.
     *
     * @throws dev.sluice.inference.ServingException {@code ENGINE_FAILED} if they do not go together; {@code OVERLOADED} if there
     *     is no memory
     */
    InferenceResponse wrap(List<InferenceResponse> answers);
}
