// SPDX-License-Identifier: Apache-2.0
package dev.sluice.inference;

import dev.sluice.tensor.DataBuffer;
import dev.sluice.tensor.Tensor;

/**
 * One named input, in one of the two shapes a body can have: a tensor, or bytes only a handler understands.
 *
 * <p><b>Ownership:</b> an input owns one count of its bytes; {@link InferenceRequest#release()} gives it back.
 */
public sealed interface Input {
    String name();

    void release();

    /** A tensor whose outermost dimension counts rows. */
    record OfTensor(Tensor tensor) implements Input {
        @Override
        public String name() {
            return tensor.name();
        }

        @Override
        public void release() {
            tensor.release();
        }
    }

    /**
     * Opaque bytes.
     *
     * @param contentType media type as the client sent it, parameters included; empty when it sent none
     */
    record OfContent(String name, String contentType, DataBuffer content) implements Input {
        @Override
        public void release() {
            content.release();
        }
    }
}
