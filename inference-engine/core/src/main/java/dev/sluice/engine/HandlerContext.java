// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine;

import dev.sluice.inference.Output;
import dev.sluice.tensor.BufferAllocator;
import dev.sluice.tensor.DataBuffer;

/**
 * What the server lends to handlers.
 *
 * @param allocator source of the memory of inputs and answers
 */
public record HandlerContext(BufferAllocator allocator) {
    /**
     * An answer of {@code body}, in memory from which it can be sent.
     *
     * @param contentType media type; empty for none
     * @throws dev.sluice.inference.ServingException {@code OVERLOADED} if there is no memory for it
     */
    public Output content(String contentType, byte[] body) {
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
