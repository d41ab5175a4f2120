// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler;

import dev.sluice.inference.InferenceRequest;
import dev.sluice.inference.Output;
import dev.sluice.tensor.BufferAllocator;
import java.util.List;

/**
 * What makes one built-in handler differ from another: how a request becomes rows, and what the model makes of them becomes an
 * answer. Neither depends on what was asked before.
 *
 * <p><b>Threads:</b> used by one thread at a time, so it may keep decoders and scratch space.
 */
interface RowCodec extends AutoCloseable {
    /**
     * The request's rows for each of the model's inputs, in the model's order, all of one count; released by the caller. They may
     * keep a count of the request's bytes.
     *
     * @throws dev.sluice.inference.ServingException {@code INVALID_INPUT}; the request then fails alone
     */
    List<Rows> decode(InferenceRequest request);

    /**
     * The outputs of the answer, owned by the caller.
     *
     * @param outputs what the model gave for the rows of {@code request}; valid during this call
     * @param allocator source of their memory
     * @throws dev.sluice.inference.ServingException {@code INVALID_MODEL} if the model's output is not of the form this
     *     handler can answer with; {@code OVERLOADED} if there is no memory; the request then fails alone
     */
    List<Output> encode(InferenceRequest request, OutputSlice outputs, BufferAllocator allocator);

    /** One row for each input to warm up with; empty when nothing is known of the model's inputs. */
    List<Rows> sample();

    /**
     * Whether each request is a run of its own whose outputs are handed over whole, for models whose outputs do not have a row for
     * each of their inputs'.
     */
    default boolean runsAlone() {
        return false;
    }

    @Override
    void close();
}
