// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler;

import dev.sluice.model.ModelSpec;
import java.util.Map;
import java.util.Set;

/**
 * The block {@code handler.textGeneration} of a model's configuration file.
 *
 * @param token name of the input for the token of each step; default {@code token}
 * @param scores name of the output with the scores of the next token; default {@code scores}
 * @param state outputs that come back as inputs in the next step, by the names of these; default {@code {state: next_state}}
 * @param stop the token that ends an answer, and is no part of it; default a line end
 * @param promptEnd put after each request's text; default nothing
 * @param maxTokens most tokens of an answer, 1 to 100,000; default 256
 * @param maxPromptTokens most tokens of a request's text with {@code promptEnd}, 1 to 100,000; default 4096
 */
record TextGenerationOptions(
        String token,
        String scores,
        Map<String, String> state,
        String stop,
        String promptEnd,
        int maxTokens,
        int maxPromptTokens) {
    static final String BLOCK = "textGeneration";

    private static final int MOST_TOKENS = 100_000;
    private static final int TOKENS = 256;
    private static final int PROMPT_TOKENS = 4096;

    /** @throws dev.sluice.inference.ServingException {@code INVALID_MODEL} naming the key that is wrong */
    static TextGenerationOptions of(ModelSpec spec) {
        OptionMap options = OptionMap.ofHandler(spec.options(), BLOCK);
        options.allowOnly(Set.of("token", "scores", "state", "stop", "promptEnd", "maxTokens", "maxPromptTokens"));
        return new TextGenerationOptions(
                options.text("token", "token"),
                options.text("scores", "scores"),
                options.texts("state", Map.of("state", "next_state")),
                options.text("stop", "\n"),
                options.text("promptEnd", ""),
                options.integer("maxTokens", 1, MOST_TOKENS, TOKENS),
                options.integer("maxPromptTokens", 1, MOST_TOKENS, PROMPT_TOKENS));
    }
}
