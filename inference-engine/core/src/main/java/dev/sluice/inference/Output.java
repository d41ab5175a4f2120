// SPDX-License-Identifier: Apache-2.0
package dev.sluice.inference;

import dev.sluice.tensor.BufferAllocator;
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
        /**
         * A copy of {@code body} where the socket can take it from, charged until it has.
         *
         * @param contentType media type; empty for none
         * @throws ServingException {@code OVERLOADED} if there is no memory for it
         */
        public static OfContent copy(String contentType, byte[] body, BufferAllocator allocator) {
            DataBuffer memory = allocator.allocate(body.length);
            try {
                memory.view().put(body);
                return new OfContent(contentType, memory);
            } catch (RuntimeException | Error e) {
                memory.release();
                throw e;
            }
        }

        @Override
        public void release() {
            content.release();
        }
    }
}
