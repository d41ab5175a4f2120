// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine;

import dev.sluice.model.ModelSpec;
import java.util.Set;

/**
 * Makes a handler: what turns a request's bytes into the tensors of a model, and the model's tensors into the
 * bytes of an answer, as TorchServe's {@code ts.torch_handler} modules do. Built-in ones are found by
 * {@link java.util.ServiceLoader}; a model may bring one in a jar of its archive, which is found the same way or by its class.
 */
public interface HandlerProvider {
    /** Version of the interfaces of this package, as {@link EngineProvider#SPI_VERSION}. */
    int SPI_VERSION = EngineProvider.SPI_VERSION;

    /**
     * The {@link #SPI_VERSION} this handler was compiled against: return the constant. Asked of those that come with a model; the
     * built-in ones are compiled with the server and need not say.
     */
    default int spiVersion() {
        return 0;
    }

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

    /** Whether it does all by itself where there is no model file. */
    default boolean worksAlone() {
        return false;
    }

    /**
     * The handler without a model; asked for only if it {@link #worksAlone}.
     *
     * @throws dev.sluice.inference.ServingException {@code INVALID_MODEL} naming the option or file that is wrong
     */
    default LoadedModel attach(ModelSpec spec, HandlerContext context) {
        throw new UnsupportedOperationException("handler " + names() + " needs a model");
    }
}
