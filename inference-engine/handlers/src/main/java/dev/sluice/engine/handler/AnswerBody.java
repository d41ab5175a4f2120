// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler;

import dev.sluice.inference.Output;
import dev.sluice.tensor.BufferAllocator;
import dev.sluice.tensor.DataBuffer;

/** The bytes of an answer where the socket can take them from, charged until it has. */
final class AnswerBody {
    private AnswerBody() {}

    /**
     * @param contentType media type; empty for none
     * @throws dev.sluice.inference.ServingException {@code OVERLOADED} if there is no memory for it
     */
    static Output of(String contentType, byte[] body, BufferAllocator allocator) {
        DataBuffer memory = allocator.allocate(body.length);
        try {
            memory.view().put(body);
            return new Output.OfContent(contentType, memory);
        } catch (RuntimeException | Error e) {
            memory.release();
            throw e;
        }
    }
}
