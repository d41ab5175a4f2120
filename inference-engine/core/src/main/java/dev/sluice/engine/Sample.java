// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine;

import dev.sluice.inference.InferenceRequest;
import dev.sluice.inference.InferenceResponse;
import dev.sluice.inference.RequestContext;
import dev.sluice.model.ModelRef;
import java.util.Optional;

/**
 * A request that a model brings along, to be answered before the version serves: it warms the model up with what it will really
 * get, and shows that it answers.
 *
 * <p><b>Threads:</b> safe from any thread.
 */
public interface Sample {
    /** What messages call it. */
    String name();

    /** A new request to {@code model} with the sample's inputs, which becomes the caller's. */
    InferenceRequest request(ModelRef model, RequestContext context);

    /**
     * What is wrong with {@code answer}, in a sentence that may be shown to an operator; empty for nothing. The answer stays the
     * caller's.
     */
    Optional<String> objection(InferenceResponse answer);
}
