// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.trees;

/** Numbers written as text inside of model files. */
final class Numbers {
    private static final int LONGEST = 400;

    private Numbers() {}

    /** {@code text} as a whole number from {@code least} on. */
    static int whole(String name, String text, int least) {
        try {
            int value = Integer.parseInt(text.strip());
            if (value >= least) {
                return value;
            }
        } catch (NumberFormatException e) {
            // Answered below, as a number out of range is.
        }
        throw new MalformedModelException(
                name + ": " + shown(text) + " (expected: a whole number, " + least + " or more)");
    }

    /** {@code text} as a number in double precision, the way C++ writes it. */
    static double real(String name, String text) {
        String bare = text.startsWith("-") || text.startsWith("+") ? text.substring(1) : text;
        double sign = text.startsWith("-") ? -1 : 1;
        if (bare.equalsIgnoreCase("inf") || bare.equalsIgnoreCase("infinity")) {
            return sign * Double.POSITIVE_INFINITY;
        }
        if (bare.equalsIgnoreCase("nan")) {
            return Double.NaN;
        }
        return isDecimal(bare) ? parsed(name, text) : refused(name, text);
    }

    private static double parsed(String name, String text) {
        try {
            return Double.parseDouble(text);
        } catch (NumberFormatException e) {
            return refused(name, text);
        }
    }

    private static double refused(String name, String text) {
        throw new MalformedModelException(name + ": " + shown(text) + " (expected: a number)");
    }

    /** Java would take hexadecimal digits and a trailing d, too. */
    private static boolean isDecimal(String text) {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if ((c < '0' || c > '9') && c != '.' && c != 'e' && c != 'E' && c != '-' && c != '+') {
                return false;
            }
        }
        return !text.isEmpty() && text.length() <= LONGEST;
    }

    /** {@code text} as a message may show it: on one line, not for long. */
    static String shown(String text) {
        StringBuilder shown = new StringBuilder();
        text.codePoints().limit(40).forEach(c -> shown.appendCodePoint(Character.isISOControl(c) ? '?' : c));
        return "'" + shown + (text.codePointCount(0, text.length()) > 40 ? "..." : "") + "'";
    }
}
