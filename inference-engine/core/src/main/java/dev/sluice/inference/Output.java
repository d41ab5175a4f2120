// SPDX-License-Identifier: Apache-2.0
package dev.sluice.inference;

import dev.sluice.tensor.DataBuffer;
import dev.sluice.tensor.Tensor;

/**
 * One output: a tensor, or bytes a handler made.
 *
 * <p><b>Ownership:</b> an output owns one count of its bytes; {@link InferenceResponse#release()} gives it back.
 */
public sealed interface Output {
    void release();

    record OfTensor(Tensor tensor) implements Output {
        @Override
        public void release() {
            tensor.release();
        }
    }

    /**
     * Bytes to be sent as they are.
     *
     * @param contentType media type; empty when the handler set none
     */
    record OfContent(String contentType, DataBuffer content) implements Output {
        @Override
        public void release() {
            content.release();
        }
    }
}
