// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler;

import java.io.ByteArrayOutputStream;

/** Writes the class and the probability of each pixel, a line of pixels at a time, so that no text of the whole is ever made. */
final class PixelJson {
    private PixelJson() {}

    /** Lists {@code [height][width][2]}, as Python writes them. */
    static byte[] of(Segments segments) {
        ByteArrayOutputStream answer = new ByteArrayOutputStream(64 * segments.width() * segments.height());
        PythonJson json = new PythonJson();
        String beforeLine = "[";
        for (int y = 0; y < segments.height(); y++) {
            json.raw(beforeLine).newLine(1);
            line(segments, y, json);
            answer.writeBytes(json.drain());
            beforeLine = ",";
        }
        json.newLine(0);
        answer.writeBytes(json.raw("]").drain());
        return answer.toByteArray();
    }

    private static void line(Segments segments, int y, PythonJson json) {
        String before = "[";
        for (int x = 0; x < segments.width(); x++) {
            int at = y * segments.width() + x;
            int best = segments.best(at);
            json.raw(before).newLine(2);
            json.raw("[").newLine(3);
            json.number(best);
            json.raw(",").newLine(3);
            json.number(segments.probability(at, best));
            json.newLine(2);
            json.raw("]");
            before = ",";
        }
        json.newLine(1);
        json.raw("]");
    }
}
