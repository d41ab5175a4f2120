// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.trees;

import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Who computes a model's predictions: {@code sluice: trees: scorer} in the model's own configuration. */
enum ScorerChoice {
    /** The Java scorer where it knows the model and agrees with the library, else the library. */
    AUTO,
    /** The Java scorer, unchecked. */
    JAVA,
    /** The library. */
    NATIVE;

    private static final String KEY = "sluice.trees.scorer";

    /** @throws ServingException {@code INVALID_MODEL} if the option says something else */
    static ScorerChoice of(Map<String, Object> options) {
        Object chosen = inside(inside(inside(options, "sluice"), "trees"), "scorer");
        if (chosen == null) {
            return AUTO;
        }
        for (ScorerChoice choice : values()) {
            if (choice.toString().equals(chosen)) {
                return choice;
            }
        }
        throw new ServingException(
                ErrorCode.INVALID_MODEL,
                KEY + ": " + Numbers.shown(String.valueOf(chosen)) + " (expected: auto, java or native)");
    }

    private static @Nullable Object inside(@Nullable Object block, String key) {
        return block instanceof Map<?, ?> map ? map.get(key) : null;
    }

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
