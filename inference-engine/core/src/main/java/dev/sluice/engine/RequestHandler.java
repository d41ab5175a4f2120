// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine;

import dev.sluice.inference.InferenceRequest;
import dev.sluice.inference.Output;
import java.util.List;

/**
 * A handler that is one method: what a request becomes, with a model to ask. {@link HandledModel} makes a model of it, for
 * handlers that do not gather the rows of several requests into one call.
 *
 * <p><b>Threads:</b> called by several threads at a time, one per instance.
 */
public interface RequestHandler {
    /**
     * The outputs of the answer, usually one.
     *
     * <p><b>Ownership:</b> the request stays the caller's, and the answer becomes it. Tensors that are made for the model, and
     * those it gives, are released here.
     *
     * @throws dev.sluice.inference.ServingException {@code INVALID_INPUT} if the request cannot be used
     */
    List<Output> answer(InferenceRequest request, TensorInstance model);

    /** Asks {@code model} something made up, so that the first request does not pay for lazy initialisation. */
    default void warmUp(TensorInstance model) {}
}
