// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler.text;

import java.text.Normalizer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Cuts a text into the words TorchServe's own text models were trained on: without markup, in lower case, contractions written out,
 * in ASCII without punctuation.
 *
 * <p>Source: pytorch/serve {@code ts/torch_handler/text_handler.py}, with what follows from its order: of two contractions that begin
 * alike the shorter is found, and the first letter stays what it was.
 */
public final class TextCleaner {
    /** What each ending stands for after the words it is known with. */
    private static final Map<String, String> MEANING = Map.ofEntries(
            Map.entry("n't", " not"),
            Map.entry("'d", " would"),
            Map.entry("'ll", " will"),
            Map.entry("'s", " is"),
            Map.entry("'m", " am"),
            Map.entry("'re", " are"),
            Map.entry("'ve", " have"));

    /** Those that follow no rule. */
    private static final Map<String, String> IRREGULAR = Map.ofEntries(
            Map.entry("ain't", "as not"),
            Map.entry("can't", "cannot"),
            Map.entry("'cause", "'ecause"),
            Map.entry("how'd", "how did"),
            Map.entry("where'd", "where did"),
            Map.entry("let's", "let us"),
            Map.entry("so's", "so as"),
            Map.entry("ma'am", "madam"),
            Map.entry("o'clock", "of the clock"),
            Map.entry("shan't", "shall not"),
            Map.entry("sha'n't", "shall not"),
            Map.entry("won't", "will not"),
            Map.entry("y'all", "you all"));

    private static final Pattern CONTRACTION = Pattern.compile(String.join(
            "|",
            List.of(
                    String.join("|", IRREGULAR.keySet()),
                    "(?:are|could|did|does|do|had|has|have|is|may|might|must|need|ought|should|was|were|would)(n't)",
                    "(?:he|i|it|she|that|there|they|we|you)('d)",
                    "(?:he|how|i|it|she|they|we|what|who|you)('ll)",
                    "(?:he|how|it|she|that|there|what|when|where|who|why)('s)",
                    "i('m)",
                    "(?:they|we|what|you)('re)",
                    "(?:could|i|might|must|should|so|they|to|we|what|when|where|who|why|will|would|you)('ve)")));

    private static final Pattern PUNCTUATION = Pattern.compile("\\p{Punct}");

    /** What Python's {@code str.split} cuts at, in ASCII. */
    private static final Pattern SPACE = Pattern.compile("[\\t-\\r\\x1c-\\x20]+");

    private static final Pattern NOT_ASCII = Pattern.compile("[^\\x00-\\x7f]");

    private TextCleaner() {}

    /** The words of {@code text}, and after them each two neighbours joined by a space, each three, and so on up to {@code ngrams}. */
    public static List<String> terms(String text, int ngrams) {
        List<String> words = words(text);
        List<String> terms = new ArrayList<>(words);
        for (int size = 2; size <= ngrams; size++) {
            for (int first = 0; first + size <= words.size(); first++) {
                terms.add(String.join(" ", words.subList(first, first + size)));
            }
        }
        return terms;
    }

    static List<String> words(String text) {
        String lower = withoutMarkup(text).toLowerCase(Locale.ROOT);
        String expanded = CONTRACTION.matcher(lower).replaceAll(TextCleaner::expansion);
        String ascii = NOT_ASCII
                .matcher(Normalizer.normalize(expanded, Normalizer.Form.NFKD))
                .replaceAll("");
        String plain = PUNCTUATION.matcher(ascii).replaceAll("");
        return Arrays.stream(SPACE.split(plain)).filter(word -> !word.isEmpty()).toList();
    }

    private static String expansion(MatchResult contraction) {
        String found = contraction.group();
        String irregular = IRREGULAR.get(found);
        if (irregular != null) {
            return Matcher.quoteReplacement(irregular);
        }
        for (Map.Entry<String, String> ending : MEANING.entrySet()) {
            if (found.endsWith(ending.getKey())) {
                return found.substring(0, found.length() - ending.getKey().length()) + ending.getValue();
            }
        }
        return Matcher.quoteReplacement(found);
    }

    /** Without tags, on one line, and entities. By hand, since the expression of the original takes quadratic time. */
    static String withoutMarkup(String text) {
        StringBuilder kept = new StringBuilder(text.length());
        int close = -1;
        int lineEnd = -1;
        int at = 0;
        while (at < text.length()) {
            char c = text.charAt(at);
            if (c == '<') {
                close = close < at ? next(text, '>', at) : close;
                lineEnd = lineEnd < at ? next(text, '\n', at) : lineEnd;
                if (close < lineEnd && close < text.length()) {
                    at = close + 1;
                    continue;
                }
            } else if (c == '&') {
                int end = entityEnd(text, at);
                if (end > 0) {
                    at = end;
                    continue;
                }
            }
            kept.append(c);
            at++;
        }
        return kept.toString();
    }

    /** Where the next {@code wanted} is; the end and one more if there is none, for lines the end alone. */
    private static int next(String text, char wanted, int from) {
        int found = text.indexOf(wanted, from);
        return found < 0 ? text.length() + (wanted == '\n' ? 1 : 0) : found;
    }

    /** What follows the entity at {@code at}; 0 if there is none. */
    private static int entityEnd(String text, int at) {
        int end = at + 1;
        int most = Integer.MAX_VALUE;
        String digits = "abcdefghijklmnopqrstuvwxyz0123456789";
        if (text.startsWith("#x", end)) {
            end += 2;
            most = 6;
            digits = "0123456789abcdef";
        } else if (text.startsWith("#", end)) {
            end += 1;
            most = 6;
            digits = "0123456789";
        }
        int first = end;
        while (end < text.length() && end - first < most && digits.indexOf(text.charAt(end)) >= 0) {
            end++;
        }
        return end > first && end < text.length() && text.charAt(end) == ';' ? end + 1 : 0;
    }
}
