// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.logging;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Takes users and queries out of the URLs in a text, since passwords and signatures are there. An URL that is a parameter of
 * another, percent-encoded or not, is one as well: {@code POST /models?url=https://...}.
 *
 * <p><b>Threads:</b> safe from any thread.
 */
final class UrlSecrets {
    private static final Pattern HOST_FOLLOWS = Pattern.compile("(?::|%3A)(?:/|%2F){2}", Pattern.CASE_INSENSITIVE);
    private static final Pattern END = Pattern.compile("[\\s\",]");
    private static final Pattern PATH_OR_QUERY = Pattern.compile("[/?]|%2F|%3F", Pattern.CASE_INSENSITIVE);
    private static final Pattern USER = Pattern.compile("@|%40");
    private static final Pattern QUERY = Pattern.compile("\\?|%3F", Pattern.CASE_INSENSITIVE);
    private static final String LEFT_OUT = "...";

    private UrlSecrets() {}

    /** {@code text} without them. */
    static String removed(String text) {
        if (!text.contains("//") && !text.contains("%2F") && !text.contains("%2f")) {
            return text;
        }
        Matcher host = HOST_FOLLOWS.matcher(text);
        StringBuilder kept = new StringBuilder(text.length());
        int from = 0;
        while (host.find(from)) {
            int end = first(END, text, host.end(), text.length(), false);
            int afterHost = first(PATH_OR_QUERY, text, host.end(), end, false);
            int afterUser = last(USER, text, host.end(), afterHost);
            int query = first(QUERY, text, afterUser, end, true);
            kept.append(text, from, host.end()).append(text, afterUser, query);
            if (query < end) {
                kept.append(LEFT_OUT);
            }
            from = end;
        }
        return kept.append(text, from, text.length()).toString();
    }

    /** Where the first of them begins, or with {@code after} ends; {@code end} if there is none. */
    private static int first(Pattern what, String text, int begin, int end, boolean after) {
        Matcher found = what.matcher(text).region(begin, end);
        if (!found.find()) {
            return end;
        }
        return after ? found.end() : found.start();
    }

    /** Where the last of them ends; {@code begin} if there is none. */
    private static int last(Pattern what, String text, int begin, int end) {
        Matcher found = what.matcher(text).region(begin, end);
        int last = begin;
        while (found.find()) {
            last = found.end();
        }
        return last;
    }
}
