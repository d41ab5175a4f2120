// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler;

import dev.sluice.engine.Tokenizer;
import dev.sluice.engine.Tokens;
import dev.sluice.inference.InferenceRequest;
import java.util.List;

/**
 * What makes one text handler differ from another.
 *
 * <p><b>Threads:</b> safe from any thread.
 */
interface TextTask {
    /**
     * What a request asked.
     *
     * @param texts what it said, for answers that quote it
     * @param isList whether the answer is to be a list
     * @param rows what the model sees, a row each
     */
    record Asked(List<String> texts, boolean isList, List<Tokens> rows) {}

    /**
     * Reads a request and cuts its texts into tokens.
     *
     * @throws dev.sluice.inference.ServingException {@code INVALID_INPUT} if the request is not of a form this takes
     */
    Asked read(InferenceRequest request, Tokenizer tokenizer);

    /**
     * The answer, as {@link PythonJson#tree} takes it.
     *
     * @throws dev.sluice.inference.ServingException {@code INVALID_MODEL} if the model's outputs are not of the form this needs
     */
    Object answer(Asked asked, OutputSlice outputs, Tokenizer tokenizer);
}
