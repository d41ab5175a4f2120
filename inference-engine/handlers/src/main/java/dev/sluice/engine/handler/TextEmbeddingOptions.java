// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler;

import dev.sluice.model.ModelSpec;
import java.util.Arrays;
import java.util.List;

/**
 * What {@code handler.textEmbedding} in a model's configuration file says; all of it may be left out.
 *
 * @param pooling {@code mean}, which is the default, {@code cls}, {@code max} or {@code lastToken}; a model that gives one vector for a text needs none
 * @param normalize whether vectors are made 1 long; default false
 */
record TextEmbeddingOptions(TextOptions text, TextEmbedding.Pooling pooling, boolean normalize) {
    /** @throws dev.sluice.inference.ServingException {@code INVALID_MODEL} naming the key that is wrong */
    static TextEmbeddingOptions of(ModelSpec spec) {
        OptionMap options = OptionMap.ofHandler(spec.options(), "textEmbedding");
        List<String> names = Arrays.stream(TextEmbedding.Pooling.values())
                .map(TextEmbedding.Pooling::wireName)
                .toList();
        TextOptions text = TextOptions.of(options, "pooling", "normalize");
        String wanted = options.word("pooling", names).orElse(TextEmbedding.Pooling.MEAN.wireName());
        TextEmbedding.Pooling pooling = Arrays.stream(TextEmbedding.Pooling.values())
                .filter(one -> one.wireName().equals(wanted))
                .findFirst()
                .orElseThrow();
        return new TextEmbeddingOptions(text, pooling, options.flag("normalize", false));
    }
}
