// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler;

import static java.nio.charset.StandardCharsets.UTF_8;

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
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The tokens of a text model by number, from {@code vocabulary.txt} beside its weights: one token a line, UTF-8, the first line being
 * number 0; {@code \n}, {@code \t} and {@code \\} stand for what they do in most languages.
 *
 * <p><b>Threads:</b> immutable.
 */
final class Vocabulary {
    private static final String FILE = "vocabulary.txt";
    private static final Pattern ESCAPE = Pattern.compile("\\\\([nt\\\\])");

    private final List<String> tokens;
    private final Map<String, Integer> numbers = new HashMap<>();
    private final int longest;
    private final int longestBytes;

    private Vocabulary(List<String> tokens) {
        this.tokens = List.copyOf(tokens);
        for (int i = 0; i < tokens.size(); i++) {
            numbers.putIfAbsent(tokens.get(i), i);
        }
        this.longest = tokens.stream().mapToInt(String::length).max().orElse(0);
        this.longestBytes = tokens.stream()
                .mapToInt(token -> token.getBytes(UTF_8).length)
                .max()
                .orElse(0);
    }

    /** @throws ServingException {@code INVALID_MODEL} if there is no such file, or it holds no tokens */
    static Vocabulary load(ModelFiles files) {
        List<String> tokens = new ArrayList<>();
        try {
            for (String line : Files.readAllLines(files.root().resolve(FILE))) {
                tokens.add(ESCAPE.matcher(line).replaceAll(Vocabulary::meaning));
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

    /** What one escape stands for. All are replaced in one pass, so that none is made of what another stood for. */
    private static String meaning(MatchResult escape) {
        return switch (escape.group(1)) {
            case "n" -> "\n";
            case "t" -> "\t";
            default -> Matcher.quoteReplacement("\\");
        };
    }

    int size() {
        return tokens.size();
    }

    /** Most bytes, in UTF-8, of any token. */
    int longestBytes() {
        return longestBytes;
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
     * @return one token or more
     * @throws ServingException {@code INVALID_INPUT} naming the first character no token begins with; or if there are no tokens, or more
     *     than {@code most}, of which no more is read
     */
    int[] encode(String text, int most) {
        if (text.isEmpty()) {
            throw new ServingException(ErrorCode.INVALID_INPUT, "text: empty (expected: 1 to " + most + " tokens)");
        }
        int[] encoded = new int[Math.min(text.length(), most)];
        int count = 0;
        int at = 0;
        while (at < text.length()) {
            if (count == most) {
                throw new ServingException(
                        ErrorCode.INVALID_INPUT,
                        "text: its first " + most + " tokens end at character " + at + " of " + text.length()
                                + " (expected: at most " + most + " tokens in all, maxPromptTokens)");
            }
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
