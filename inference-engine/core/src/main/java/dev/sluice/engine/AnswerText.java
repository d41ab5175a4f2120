// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Compares answers that are text, such as JSON: numbers may differ by a thousandth, since other processors and other batch sizes
 * round in other ways; white space does not count; all else is equal, in the same order.
 */
final class AnswerText {
    /** How much a number may differ, of the larger of 1 and itself. */
    private static final double TOLERANCE = 1e-3;

    private static final Pattern NUMBER = Pattern.compile("-?\\d++(?:\\.\\d++)?+(?:[eE][+-]?\\d++)?+");
    private static final int SHOWN = 60;

    private AnswerText() {}

    /** The first difference, in words; empty for none. */
    static Optional<String> difference(String expected, String actual) {
        Matcher wanted = NUMBER.matcher(expected);
        Matcher got = NUMBER.matcher(actual);
        int wantedEnd = 0;
        int gotEnd = 0;
        while (true) {
            boolean hasWanted = wanted.find();
            boolean hasGot = got.find();
            String before = expected.substring(wantedEnd, hasWanted ? wanted.start() : expected.length());
            String gotBefore = actual.substring(gotEnd, hasGot ? got.start() : actual.length());
            if (hasWanted != hasGot || !squeezed(before).equals(squeezed(gotBefore))) {
                return Optional.of(words(actual.substring(gotEnd), expected.substring(wantedEnd)));
            }
            if (!hasWanted) {
                return Optional.empty();
            }
            if (!isClose(wanted.group(), got.group())) {
                return Optional.of(words(got.group(), wanted.group()));
            }
            wantedEnd = wanted.end();
            gotEnd = got.end();
        }
    }

    private static boolean isClose(String wanted, String got) {
        double expected = Double.parseDouble(wanted);
        double difference = Math.abs(Double.parseDouble(got) - expected);
        return wanted.equals(got) || difference <= TOLERANCE * Math.max(1, Math.abs(expected));
    }

    private static String squeezed(String text) {
        return text.replaceAll("\\s+", "");
    }

    private static String words(String actual, String expected) {
        return "answered " + shown(actual) + " (expected: " + shown(expected) + ")";
    }

    private static String shown(String text) {
        String line = text.strip().replaceAll("\\s+", " ");
        return line.isEmpty() ? "nothing" : line.length() <= SHOWN ? line : line.substring(0, SHOWN) + "...";
    }
}
