// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.demo;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Draws a picture with the answers beside it: on the left the digit, two characters a pixel; on the right one line per
 * model and one bar per class.
 */
public final class AnswerView {
    private static final String UNICODE_SHADES = " \u2591\u2592\u2593\u2588";
    private static final String ASCII_SHADES = " .:*#";
    private static final int BAR_WIDTH = 12;
    private static final int PICTURE_ROWS = 8;

    private final String shades;
    private final char bar;

    /** @param unicode whether the terminal shows more than ASCII */
    public AnswerView(boolean unicode) {
        this.shades = unicode ? UNICODE_SHADES : ASCII_SHADES;
        this.bar = unicode ? '\u2588' : '#';
    }

    /**
     * The lines to print.
     *
     * @param answers probability of each class, by model
     */
    public List<String> lines(DigitSample sample, Map<String, double[]> answers) {
        List<String> right = new ArrayList<>();
        answers.forEach((model, probabilities) -> right.add(verdict(sample, model, probabilities)));
        right.add("");
        double[] shown = answers.values().iterator().next();
        for (int row = 0; row < DigitSample.CLASSES / 2; row++) {
            right.add(classLine(row, shown) + "   " + classLine(row + DigitSample.CLASSES / 2, shown));
        }
        List<String> lines = new ArrayList<>();
        for (int row = 0; row < Math.max(right.size(), PICTURE_ROWS); row++) {
            String text = row < right.size() ? right.get(row) : "";
            lines.add(("  " + pictureRow(sample, row) + "    " + text).stripTrailing());
        }
        return lines;
    }

    private static String verdict(DigitSample sample, String model, double[] probabilities) {
        int best = DigitSample.best(probabilities);
        return String.format(
                Locale.ROOT,
                "%-11s says %d  %s  %s",
                model,
                best,
                percent(probabilities[best]),
                sample.isRight(probabilities) ? "right" : "wrong: it is " + sample.label());
    }

    private String classLine(int digit, double[] probabilities) {
        int filled = (int) Math.round(probabilities[digit] * BAR_WIDTH);
        String drawn = String.valueOf(bar).repeat(filled) + " ".repeat(BAR_WIDTH - filled);
        return digit + " " + drawn + " " + percent(probabilities[digit]);
    }

    private static String percent(double probability) {
        return String.format(Locale.ROOT, "%6.2f %%", probability * 100);
    }

    private String pictureRow(DigitSample sample, int row) {
        if (row >= sample.rows()) {
            return "  ".repeat(sample.row(0).length);
        }
        StringBuilder drawn = new StringBuilder();
        for (int value : sample.row(row)) {
            char shade = shades.charAt(Math.min(shades.length() - 1, value * shades.length() / 256));
            drawn.append(shade).append(shade);
        }
        return drawn.toString();
    }
}
