// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine;

import dev.sluice.model.ModelSpec;
import java.util.Set;

/**
 * Makes a built-in handler: what turns a request's bytes into the tensors of a model, and the model's tensors into the
 * bytes of an answer, as TorchServe's {@code ts.torch_handler} modules do. Found by {@link java.util.ServiceLoader}.
 */
public interface HandlerProvider {
    /** Names under which archives ask for it, such as {@code image_classifier}. */
    Set<String> names();

    /**
     * Puts the handler in front of {@code model}.
     *
     * <p><b>Ownership:</b> on success the result owns {@code model} and closes it; on failure it stays the caller's.
     *
     * @param spec for the handler's own files and options
     * @throws dev.sluice.inference.ServingException {@code INVALID_MODEL} naming the option or file that is wrong
     */
    LoadedModel attach(TensorModel model, ModelSpec spec, HandlerContext context);
}
