// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler;

import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.model.ModelFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The tokens of a text model by number, from {@code vocabulary.txt} beside its weights: one token a line, UTF-8, the first line being
 * number 0; {@code \n}, {@code \t} and {@code \\} stand for what they do in most languages.
 *
 * <p><b>Threads:</b> immutable.
 */
final class Vocabulary {
    private static final String FILE = "vocabulary.txt";

    private final List<String> tokens;
    private final Map<String, Integer> numbers = new HashMap<>();
    private final int longest;

    private Vocabulary(List<String> tokens) {
        this.tokens = List.copyOf(tokens);
        for (int i = 0; i < tokens.size(); i++) {
            numbers.putIfAbsent(tokens.get(i), i);
        }
        this.longest = tokens.stream().mapToInt(String::length).max().orElse(0);
    }

    /** @throws ServingException {@code INVALID_MODEL} if there is no such file, or it holds no tokens */
    static Vocabulary load(ModelFiles files) {
        List<String> tokens = new ArrayList<>();
        try {
            for (String line : Files.readAllLines(files.root().resolve(FILE))) {
                tokens.add(line.replace("\\n", "\n").replace("\\t", "\t").replace("\\\\", "\\"));
            }
        } catch (IOException e) {
            throw new ServingException(
                    ErrorCode.INVALID_MODEL, FILE + ": cannot be read (expected: a token a line, beside the model)", e);
        }
        if (tokens.isEmpty()) {
            throw new ServingException(ErrorCode.INVALID_MODEL, FILE + ": empty (expected: a token a line)");
        }
        return new Vocabulary(tokens);
    }

    int size() {
        return tokens.size();
    }

    String token(int number) {
        return tokens.get(number);
    }

    /** The number of one token; empty if there is none that says {@code token}. */
    Optional<Integer> number(String token) {
        return Optional.ofNullable(numbers.get(token));
    }

    /**
     * Cuts {@code text} into tokens, the longest that fits each time.
     *
     * @throws ServingException {@code INVALID_INPUT} naming the first character no token begins with
     */
    int[] encode(String text) {
        int[] encoded = new int[text.length()];
        int count = 0;
        int at = 0;
        while (at < text.length()) {
            String token = longestAt(text, at);
            encoded[count++] = numbers.getOrDefault(token, 0);
            at += token.length();
        }
        return Arrays.copyOf(encoded, count);
    }

    private String longestAt(String text, int at) {
        for (int end = Math.min(text.length(), at + longest); end > at; end--) {
            String token = text.substring(at, end);
            if (numbers.containsKey(token)) {
                return token;
            }
        }
        throw new ServingException(
                ErrorCode.INVALID_INPUT,
                "text: '" + Character.toString(text.codePointAt(at)) + "' at character " + at
                        + " (expected: what the model's vocabulary has)");
    }
}
