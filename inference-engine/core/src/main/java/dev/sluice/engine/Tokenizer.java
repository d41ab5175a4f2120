// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine;

import java.util.List;
import java.util.OptionalInt;

/**
 * Turns texts into the numbers one model was trained on. What is not Unicode, halves of surrogate pairs alone, is read as U+FFFD.
 *
 * <p><b>Threads:</b> safe from any thread; calls compute side by side.
 *
 * <p><b>Ownership:</b> whoever opened it closes it, which frees native memory; what is called later fails with
 * {@link IllegalStateException}.
 */
public interface Tokenizer extends AutoCloseable {
    /**
     * The windows of one text, of which there is at least one.
     *
     * @throws dev.sluice.inference.ServingException {@code INVALID_INPUT} if this text cannot be turned into tokens
     */
    List<Tokens> encode(String text);

    /**
     * The windows of a pair of texts, of which there is at least one.
     *
     * @throws dev.sluice.inference.ServingException {@code INVALID_INPUT} if these texts cannot be turned into tokens, or the first is
     *     so long that windows have no room for the second
     */
    List<Tokens> encode(String first, String second);

    /** The text that {@code ids} stand for, as the file's decoder writes it; numbers that are no token stand for nothing. */
    String decode(int[] ids);

    /** Most tokens in one window. */
    int maxLength();

    /** What rows are filled up with: as the file says, else the token it calls {@code [PAD]} or {@code <pad>}, else 0. */
    int padId();

    /** The token for what is in no vocabulary; empty if there is none. */
    OptionalInt unknownId();

    @Override
    void close();
}
