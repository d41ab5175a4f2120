// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler;

import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;

/**
 * What the block of every text handler may say.
 *
 * @param maxLength most tokens of a text, or of a window of it, 1 to 100,000; empty for the model's own, else the tokenizer's, else 512
 * @param maxRows most texts, or windows of a text, of one request, 1 to 4096; default 64
 * @param maxCharacters most characters of a text, 1 to 10,000,000; default 100,000
 * @param inputs what the model's inputs are, in its order; empty to go by their names
 */
record TextOptions(OptionalInt maxLength, int maxRows, int maxCharacters, List<InputRole> inputs) {
    private static final Set<String> KEYS = Set.of("maxLength", "maxRows", "maxCharacters", "inputs");
    private static final int MOST_BYTES_OF_CHARACTER = 6;

    /** Reads these, and refuses keys that are neither of these nor among {@code more}. */
    static TextOptions of(OptionMap options, String... more) {
        List<String> known = new ArrayList<>(KEYS);
        known.addAll(Arrays.asList(more));
        options.allowOnly(Set.copyOf(known));
        List<String> roles =
                Arrays.stream(InputRole.values()).map(InputRole::wireName).toList();
        List<InputRole> inputs = options.wordList("inputs", roles).stream()
                .flatMap(name -> InputRole.named(name).stream())
                .toList();
        if (!inputs.isEmpty() && !inputs.contains(InputRole.IDS)) {
            throw options.refused("inputs", "a list with " + InputRole.IDS.wireName());
        }
        return new TextOptions(
                options.has("maxLength")
                        ? OptionalInt.of(options.integer("maxLength", 1, 100_000, 1))
                        : OptionalInt.empty(),
                options.integer("maxRows", 1, 4096, 64),
                options.integer("maxCharacters", 1, 10_000_000, 100_000),
                inputs);
    }

    /** @throws ServingException {@code INVALID_INPUT} if so many bytes cannot be {@code texts} texts within the bounds */
    void requireBytes(String name, int bytes, int texts) {
        long most = (long) maxCharacters * texts * MOST_BYTES_OF_CHARACTER + 1024;
        if (bytes > most) {
            throw invalid(name + ": " + bytes + " bytes (expected: at most " + most + ", " + texts + " of "
                    + maxCharacters + " characters, maxCharacters)");
        }
    }

    /** @throws ServingException {@code INVALID_INPUT} if the text is too long */
    void requireCharacters(String name, String text) {
        if (text.length() > maxCharacters) {
            throw invalid(name + ": " + text.length() + " characters (expected: at most " + maxCharacters
                    + ", maxCharacters)");
        }
    }

    /** @throws ServingException {@code INVALID_INPUT} if there are too many */
    void requireRows(String name, int rows) {
        if (rows > maxRows) {
            throw invalid(name + ": " + rows + " (expected: at most " + maxRows + ", maxRows)");
        }
    }

    private static ServingException invalid(String message) {
        return new ServingException(ErrorCode.INVALID_INPUT, message);
    }
}
