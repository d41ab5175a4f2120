// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler;

import dev.sluice.inference.InferenceRequest;
import java.util.List;
import java.util.Optional;

/**
 * What makes one built-in handler differ from another: how a request becomes a row, and a row becomes an answer.
 *
 * <p><b>Threads:</b> used by one thread at a time, so it may keep decoders and scratch space.
 */
interface RowCodec extends AutoCloseable {
    /**
     * The request's row, released by the caller. It may keep a count of the request's bytes.
     *
     * @throws dev.sluice.inference.ServingException {@code INVALID_INPUT}; the request then fails alone
     */
    Row decode(InferenceRequest request);

    /**
     * The body of the answer.
     *
     * @param outputs one per output of the model; valid during this call
     * @throws dev.sluice.inference.ServingException {@code INVALID_MODEL} if the model's output is not of the form this
     *     handler can answer with
     */
    byte[] encode(List<OutputRow> outputs);

    /** A row to warm up with; empty when nothing is known of the model's input. */
    Optional<Row> sampleRow();

    @Override
    void close();
}
