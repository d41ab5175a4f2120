// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine;

import java.util.OptionalInt;

/**
 * How much of a text a {@link Tokenizer} gives at once.
 *
 * @param maxLength most tokens in one window, those around the text included; empty for what the file says, else
 *     {@link #DEFAULT_MAX_LENGTH}
 * @param overlap tokens that two neighbouring windows share; empty for one window only, whatever does not fit being left away:
 *     at the end of a text, of a pair at the end of the longer one each time. With windows it is always the second text of a pair
 *     that is cut, so that the first is whole in each
 */
public record TokenizerOptions(OptionalInt maxLength, OptionalInt overlap) {
    /** For files that do not say: what most encoders were trained with. */
    public static final int DEFAULT_MAX_LENGTH = 512;

    public TokenizerOptions {
        if (maxLength.orElse(1) < 1) {
            throw new IllegalArgumentException("maxLength: " + maxLength.getAsInt() + " (expected: 1 or more)");
        }
        if (overlap.orElse(0) < 0) {
            throw new IllegalArgumentException("overlap: " + overlap.getAsInt() + " (expected: 0 or more)");
        }
    }

    /** One window. */
    public static TokenizerOptions truncating(OptionalInt maxLength) {
        return new TokenizerOptions(maxLength, OptionalInt.empty());
    }

    /** As many windows as it takes. */
    public static TokenizerOptions windows(OptionalInt maxLength, int overlap) {
        return new TokenizerOptions(maxLength, OptionalInt.of(overlap));
    }
}
