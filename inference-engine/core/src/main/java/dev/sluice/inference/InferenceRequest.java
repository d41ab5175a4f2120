// SPDX-License-Identifier: Apache-2.0
package dev.sluice.inference;

import dev.sluice.model.ModelRef;
import java.util.List;
import java.util.Map;

/**
 * One prediction wanted, made only by protocol codecs.
 *
 * <p><b>Ownership:</b> owns its inputs. Whoever owns the request releases it, once.
 *
 * @param wantedOutputs names of the outputs wanted; empty for all
 * @param parameters protocol-level options with no meaning to the core, for handlers
 */
public record InferenceRequest(
        ModelRef model,
        List<Input> inputs,
        List<String> wantedOutputs,
        Map<String, String> parameters,
        RequestContext context) {
    public InferenceRequest {
        inputs = List.copyOf(inputs);
        wantedOutputs = List.copyOf(wantedOutputs);
        parameters = Map.copyOf(parameters);
    }

    /** Gives the inputs' bytes back. */
    public void release() {
        inputs.forEach(Input::release);
    }
}
