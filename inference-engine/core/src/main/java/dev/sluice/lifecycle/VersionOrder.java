// SPDX-License-Identifier: Apache-2.0
package dev.sluice.lifecycle;

import java.util.Comparator;

/**
 * The order of version texts, lowest first. A text is read as runs of digits and runs of anything else, which are compared one
 * after another: digits by the number they make, however long, other runs as strings. Digits come after other runs, and a text
 * after its own beginnings. So {@code 9 < 10}, {@code 1.0 < 1.0.1 < 1.2 < 1.10 < 2} and {@code beta < 1}; numbers alone are
 * ordered as TF Serving orders them. What a text says of pre-releases is unknown here: {@code 1.0 < 1.0-rc1}.
 *
 * <p>Two texts that differ in leading zeros only are ordered as strings, so that the order is total: only equal texts compare as
 * equal.
 *
 * <p>Source: tensorflow-serving.md sections 5.1 and 5.2 for numbers; TorchServe's texts have no order of their own.
 */
public final class VersionOrder implements Comparator<String> {
    /** The order; it has no state. */
    public static final VersionOrder LOWEST_FIRST = new VersionOrder();

    private VersionOrder() {}

    @Override
    public int compare(String one, String other) {
        int i = 0;
        int j = 0;
        while (i < one.length() && j < other.length()) {
            int iEnd = endOfRun(one, i);
            int jEnd = endOfRun(other, j);
            int order = compareRuns(one.substring(i, iEnd), other.substring(j, jEnd));
            if (order != 0) {
                return order;
            }
            i = iEnd;
            j = jEnd;
        }
        int order = Boolean.compare(i < one.length(), j < other.length());
        return order != 0 ? order : one.compareTo(other);
    }

    private static int compareRuns(String one, String other) {
        boolean isNumber = isDigit(one.charAt(0));
        if (isNumber != isDigit(other.charAt(0))) {
            return isNumber ? 1 : -1;
        }
        return isNumber ? compareNumbers(one, other) : one.compareTo(other);
    }

    private static int compareNumbers(String one, String other) {
        String digits = withoutLeadingZeros(one);
        String otherDigits = withoutLeadingZeros(other);
        int order = Integer.compare(digits.length(), otherDigits.length());
        return order != 0 ? order : digits.compareTo(otherDigits);
    }

    private static String withoutLeadingZeros(String digits) {
        int start = 0;
        while (start < digits.length() - 1 && digits.charAt(start) == '0') {
            start++;
        }
        return digits.substring(start);
    }

    private static int endOfRun(String text, int start) {
        boolean isNumber = isDigit(text.charAt(start));
        int end = start + 1;
        while (end < text.length() && isDigit(text.charAt(end)) == isNumber) {
            end++;
        }
        return end;
    }

    /** ASCII alone: what other scripts have for digits is text here. */
    private static boolean isDigit(char c) {
        return c >= '0' && c <= '9';
    }
}
