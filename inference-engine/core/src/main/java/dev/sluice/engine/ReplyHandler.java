// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine;

import dev.sluice.inference.InferenceRequest;

/**
 * A {@link RequestHandler} that says more than outputs: a status, headers, or parts of an answer before it is whole.
 * {@link RepliedModel} makes a model of it.
 *
 * <p>What a caller wants is in the headers of the request's context, as in the original: {@code explain} is {@code True} for an
 * explanation, and {@code describe} is {@code True} when management asks for a description of the model, which is a JSON object.
 *
 * <p><b>Threads:</b> called by several threads at a time, one per instance.
 */
@FunctionalInterface
public interface ReplyHandler {
    /**
     * The answer, or the last part of one.
     *
     * <p><b>Ownership:</b> the request stays the caller's, and the answer becomes it. Tensors that are made for the model, and
     * those it gives, are released here.
     *
     * @throws dev.sluice.inference.ServingException {@code INVALID_INPUT} if the request cannot be used; one made by
     *     {@link dev.sluice.inference.ServingException#byHandler} to refuse with a status of its own. Of other exceptions callers
     *     learn nothing but that the prediction failed
     */
    Reply answer(InferenceRequest request, TensorInstance model, ReplyParts parts);

    /** Asks {@code model} something made up, so that the first request does not pay for lazy initialisation. */
    default void warmUp(TensorInstance model) {}
}
