// SPDX-License-Identifier: Apache-2.0
package dev.sluice.inference;

import dev.sluice.model.ModelId;
import java.util.List;

/**
 * One answer, or one part of a streamed one.
 *
 * <p><b>Ownership:</b> owns its outputs. Whoever owns the response releases it, once.
 *
 * @param model the version that answered
 */
public record InferenceResponse(ModelId model, List<Output> outputs, ResponseDetails details) {
    public InferenceResponse {
        outputs = List.copyOf(outputs);
    }

    /** An answer of which its handler says nothing more. */
    public InferenceResponse(ModelId model, List<Output> outputs) {
        this(model, outputs, ResponseDetails.NONE);
    }

    /** Gives the outputs' bytes back. */
    public void release() {
        outputs.forEach(Output::release);
    }
}
