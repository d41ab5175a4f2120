// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine;

import dev.sluice.inference.InferenceResponse;
import dev.sluice.inference.ServingException;

/** How one request of a batch ended. */
public sealed interface Outcome {
    /** Gives back what it holds, instead of handing it on. */
    void release();

    /** With an answer, owned by whoever holds the outcome. */
    record Success(InferenceResponse response) implements Outcome {
        @Override
        public void release() {
            response.release();
        }
    }

    /** Without one. */
    record Failure(ServingException cause) implements Outcome {
        @Override
        public void release() {
            // Holds nothing.
        }
    }
}
