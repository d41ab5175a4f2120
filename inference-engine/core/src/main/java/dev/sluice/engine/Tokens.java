// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine;

import java.util.List;

/**
 * A text, or a pair of texts, as the token numbers a model takes: one window of it, if it had more tokens than fit. All parts are
 * equally long.
 *
 * <p>Places in a text are counted in Unicode code points, not in Java's {@code char}s: that is how Python counts, and so what
 * clients of these models expect in answers. {@link String#offsetByCodePoints} turns one into an index.
 *
 * @param ids numbers of the tokens, with those that the model wants around a text
 * @param types 0 for tokens of the first text, 1 for those of the second, as the file's template says
 * @param attention 1 for tokens to look at
 * @param specials 1 for tokens that stand for no part of a text
 * @param sequences 0 for tokens of the first text, 1 for those of the second, {@link #NONE} for those of neither
 * @param words which word of its text a token is of, from 0 up; {@link #NONE} for those of none
 * @param starts where in its text a token begins; 0 for those of none
 * @param ends where it ends, exclusive
 * @param pieces what the vocabulary calls the tokens: {@code ##ing}
 */
@SuppressWarnings("ArrayRecordComponent") // never compared, and never changed by who holds it
public record Tokens(
        int[] ids,
        int[] types,
        int[] attention,
        int[] specials,
        int[] sequences,
        int[] words,
        int[] starts,
        int[] ends,
        List<String> pieces) {
    /** Stands for no text and no word. */
    public static final int NONE = -1;

    public Tokens {
        pieces = List.copyOf(pieces);
    }

    /** Number of tokens. */
    public int size() {
        return ids.length;
    }
}
