// SPDX-License-Identifier: Apache-2.0
package dev.sluice.blackbox;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import javax.imageio.ImageIO;

/** The bundled digit images with the reference's answers. */
final class Digits {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int SIDE = 8;

    private Digits() {}

    /**
     * One image.
     *
     * @param probabilities the Python reference's, by class
     */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    record Digit(String file, byte[] image, int label, List<Double> probabilities) {
        /** Largest difference between an answer of the server and the reference. */
        double deviation(String answer) {
            double largest = 0;
            JsonNode classes = parse(answer);
            for (int label = 0; label < probabilities.size(); label++) {
                double actual = classes.path(Integer.toString(label)).asDouble(Double.NaN);
                largest = Math.max(largest, Math.abs(actual - probabilities.get(label)));
            }
            return largest;
        }

        /** The class of the highest probability. */
        int likeliest() {
            return probabilities.indexOf(Collections.max(probabilities));
        }

        boolean isJpeg() {
            return file.endsWith(".jpg");
        }
    }

    static List<Digit> all() {
        try {
            List<Digit> digits = new ArrayList<>();
            for (JsonNode entry : JSON.readTree(
                            Distribution.digits().resolve("reference.json").toFile())
                    .get("digits")) {
                List<Double> probabilities = new ArrayList<>();
                entry.get("probabilities").forEach(value -> probabilities.add(value.asDouble()));
                Path image = Distribution.digits().resolve(entry.get("file").asText());
                digits.add(new Digit(
                        entry.get("file").asText(),
                        Files.readAllBytes(image),
                        entry.get("label").asInt(),
                        probabilities));
            }
            return digits;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** All digits the model was not trained on, as PNG files of the size it takes. */
    static List<Digit> heldOut() {
        try {
            List<Digit> digits = new ArrayList<>();
            List<String> lines = Files.readAllLines(Distribution.digits().resolve("held-out.csv"));
            for (String line : lines.subList(1, lines.size())) {
                List<String> values = List.of(line.split(","));
                List<Double> probabilities = values.subList(1 + SIDE * SIDE, values.size()).stream()
                        .map(Double::valueOf)
                        .toList();
                digits.add(new Digit(
                        "held-out digit " + digits.size(),
                        png(values.subList(1, 1 + SIDE * SIDE)),
                        Integer.parseInt(values.get(0)),
                        probabilities));
            }
            return digits;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static byte[] png(List<String> grey) throws IOException {
        BufferedImage image = new BufferedImage(SIDE, SIDE, BufferedImage.TYPE_BYTE_GRAY);
        for (int i = 0; i < grey.size(); i++) {
            image.getRaster().setSample(i % SIDE, i / SIDE, 0, Integer.parseInt(grey.get(i)));
        }
        ByteArrayOutputStream file = new ByteArrayOutputStream();
        ImageIO.write(image, "png", file);
        return file.toByteArray();
    }

    static JsonNode parse(String json) {
        try {
            return JSON.readTree(json);
        } catch (IOException e) {
            throw new UncheckedIOException("not JSON: " + json, e);
        }
    }

    /** Packs version 1.0 of the digits into {@code store} as {@code name.mar}, with the command line archiver. */
    static Path pack(Path store, String name, String serializedFile) throws IOException, InterruptedException {
        return pack(store, name, "1.0", serializedFile, List.of());
    }

    /**
     * Packs any version of the digits.
     *
     * @param extras files, and directories whose content is packed
     */
    static Path pack(Path store, String name, String version, String serializedFile, List<Path> extras)
            throws IOException, InterruptedException {
        List<Path> all = new ArrayList<>(List.of(Distribution.digits().resolve("index_to_name.json")));
        all.addAll(extras);
        Path configuration = Distribution.digits().resolve("model-config.yaml");
        Path model = Distribution.digits().resolve(serializedFile);
        return Archives.pack(store, name, version, "image_classifier", configuration, List.of(model), all);
    }
}
