// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.demo;

import com.fasterxml.jackson.databind.JsonNode;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import javax.imageio.ImageIO;

/** A picture of a digit, and which one it is. */
public final class DigitSample {
    /** Classes of the model. */
    static final int CLASSES = 10;

    private final Path file;
    private final int label;
    private final byte[] bytes;
    private final int[][] brightness;

    private DigitSample(Path file, int label, byte[] bytes, int[][] brightness) {
        this.file = file;
        this.label = label;
        this.bytes = bytes;
        this.brightness = brightness;
    }

    /** Reads {@code digit-<label>.png}. */
    static DigitSample read(Path directory, int label) {
        Path file = directory.resolve("digit-" + label + ".png");
        try {
            byte[] bytes = Files.readAllBytes(file);
            BufferedImage image = ImageIO.read(new ByteArrayInputStream(bytes));
            if (image == null) {
                throw new IOException("not a picture");
            }
            return new DigitSample(file, label, bytes, brightness(image));
        } catch (IOException e) {
            throw new ServingException(
                    ErrorCode.FAILED_PRECONDITION, "the demo's picture " + file + " cannot be read", e);
        }
    }

    private static int[][] brightness(BufferedImage image) {
        int[][] rows = new int[image.getHeight()][image.getWidth()];
        for (int y = 0; y < rows.length; y++) {
            for (int x = 0; x < rows[y].length; x++) {
                rows[y][x] = image.getRaster().getSample(x, y, 0);
            }
        }
        return rows;
    }

    public Path file() {
        return file;
    }

    /** The digit, 0 to 9, from the file's name. */
    public int label() {
        return label;
    }

    /** The file as it is. */
    public byte[] bytes() {
        return bytes.clone();
    }

    int rows() {
        return brightness.length;
    }

    /** Brightness from left to right, 0 for the background to 255. */
    int[] row(int index) {
        return brightness[index].clone();
    }

    /** The probability of each class in an answer of the image classifier: {@code {"3": 0.98, ...}}. */
    public static double[] probabilities(JsonNode answer) {
        double[] byClass = new double[CLASSES];
        for (int digit = 0; digit < CLASSES; digit++) {
            byClass[digit] = answer.path(String.valueOf(digit)).asDouble(0);
        }
        return byClass;
    }

    /** The class with the highest probability. */
    static int best(double[] probabilities) {
        int best = 0;
        for (int digit = 1; digit < probabilities.length; digit++) {
            best = probabilities[digit] > probabilities[best] ? digit : best;
        }
        return best;
    }

    /** Whether the most probable class is what the picture shows. */
    public boolean isRight(double[] probabilities) {
        return best(probabilities) == label && probabilities[label] > 0;
    }
}
