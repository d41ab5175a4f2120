// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine;

import dev.sluice.tensor.BufferAllocator;

/**
 * What the server lends to handlers.
 *
 * @param allocator source of the memory of inputs and answers
 */
public record HandlerContext(BufferAllocator allocator) {}
