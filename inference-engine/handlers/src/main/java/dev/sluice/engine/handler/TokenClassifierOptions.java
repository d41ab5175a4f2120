// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler;

import dev.sluice.model.ModelSpec;
import java.util.List;

/**
 * What {@code handler.tokenClassifier} in a model's configuration file says; all of it may be left out.
 *
 * @param isGrouped {@code aggregation}: {@code simple} for neighbouring tokens of one kind together, {@code none} for each alone, which is the default
 * @param ignoreLabels labels that are not told of; default {@code O}
 */
record TokenClassifierOptions(TextOptions text, boolean isGrouped, List<String> ignoreLabels) {
    private static final String SIMPLE = "simple";

    /** @throws dev.sluice.inference.ServingException {@code INVALID_MODEL} naming the key that is wrong */
    static TokenClassifierOptions of(ModelSpec spec) {
        OptionMap options = OptionMap.ofHandler(spec.options(), "tokenClassifier");
        return new TokenClassifierOptions(
                TextOptions.of(options, "aggregation", "ignoreLabels"),
                options.word("aggregation", List.of("none", SIMPLE))
                        .orElse("none")
                        .equals(SIMPLE),
                options.textList("ignoreLabels", List.of("O")));
    }
}
