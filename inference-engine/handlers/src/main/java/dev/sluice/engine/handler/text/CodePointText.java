// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler.text;

/** A text cut at places counted in code points, without counting from the start each time. */
public final class CodePointText {
    private final String text;
    /** The code points; empty if each is one {@code char}. */
    private final int[] points;

    private CodePointText(String text, int[] points) {
        this.text = text;
        this.points = points;
    }

    public static CodePointText of(String text) {
        boolean isPlain = text.codePointCount(0, text.length()) == text.length();
        return new CodePointText(text, isPlain ? new int[0] : text.codePoints().toArray());
    }

    /** From {@code start} to {@code end}; what lies outside is left away. */
    public String slice(int start, int end) {
        int length = points.length == 0 ? text.length() : points.length;
        int from = Math.max(0, Math.min(start, length));
        int to = Math.max(from, Math.min(end, length));
        return points.length == 0 ? text.substring(from, to) : new String(points, from, to - from);
    }
}
