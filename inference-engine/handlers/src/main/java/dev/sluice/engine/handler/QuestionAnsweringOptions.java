// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler;

import dev.sluice.model.ModelSpec;
import dev.sluice.model.Signature;

/**
 * What {@code handler.questionAnswering} in a model's configuration file says; all of it may be left out.
 *
 * @param topK most answers, 1 to 1000; default 1
 * @param maxAnswerTokens most tokens of an answer, 1 to 1000; default 15
 * @param stride tokens that neighbouring windows of a long text share, 0 to 100,000; default 128, or a quarter of the longest window if that is less
 * @param impossibleAnswer whether "no answer" competes, as an empty text; default false
 */
record QuestionAnsweringOptions(TextOptions text, int topK, int maxAnswerTokens, int stride, boolean impossibleAnswer) {
    private static final int MAX_STRIDE = 128;

    /**
     * @param inputs what the model takes
     * @throws dev.sluice.inference.ServingException {@code INVALID_MODEL} naming the key that is wrong
     */
    static QuestionAnsweringOptions of(ModelSpec spec, Signature inputs) {
        OptionMap options = OptionMap.ofHandler(spec.options(), "questionAnswering");
        TextOptions text = TextOptions.of(options, "topK", "maxAnswerTokens", "stride", "impossibleAnswer");
        int stride = Math.min(
                MAX_STRIDE,
                TokenInputs.of(QuestionAnsweringProvider.NAME, inputs, text)
                                .maxLength(text)
                                .orElse(4 * MAX_STRIDE)
                        / 4);
        return new QuestionAnsweringOptions(
                text,
                options.integer("topK", 1, 1000, 1),
                options.integer("maxAnswerTokens", 1, 1000, 15),
                options.integer("stride", 0, 100_000, stride),
                options.flag("impossibleAnswer", false));
    }
}
