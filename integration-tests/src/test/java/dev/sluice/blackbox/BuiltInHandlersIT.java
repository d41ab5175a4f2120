// SPDX-License-Identifier: Apache-2.0
package dev.sluice.blackbox;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.sluice.conformance.Row;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import javax.imageio.ImageIO;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** Handlers for images, sounds and series of numbers, each on a model whose answers are known. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class BuiltInHandlersIT {
    /** Pillow 13 and the versions before it differ by a level in some bytes, which the segmenter's model multiplies. */
    private static final Offset<Double> LEVEL = Offset.offset(0.021);

    private static final ObjectMapper JSON = new ObjectMapper();

    private final HttpClient http = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(Duration.ofSeconds(10))
            .build();
    private final Path models = Distribution.models();
    private SluiceServer server;

    @BeforeAll
    void startServer(@TempDir Path folder) throws Exception {
        Files.createDirectory(folder.resolve("store"));
        Path labels = folder.resolve("index_to_name.json");
        Files.writeString(labels, "{\"object_type_names\": [\"nothing\", \"red\", \"blue\", \"green\"]}");
        Archives.pack(
                folder,
                "things",
                "object_detector",
                "maxBatchDelay: 0\n",
                models.resolve("vision/detector.onnx"),
                labels);
        String segments = """
                handler:
                  imageSegmenter: {width: 32, height: 32, resizeTo: 36, output: %s}
                """;
        Path segmenter = models.resolve("vision/segmenter.onnx");
        Archives.pack(folder, "segments", "image_segmenter", String.format(segments, "pixels"), segmenter);
        Archives.pack(folder, "mask", "image_segmenter", String.format(segments, "mask"), segmenter);
        Archives.pack(folder, "inverted", "style_transfer", "batchSize: 4\n", models.resolve("vision/style.onnx"));
        Archives.pack(folder, "pitch", "audio_classifier", """
                handler:
                  audioClassifier:
                    {sampleRate: 8000, seconds: 0.5, features: mel, window: 256, hop: 128, mels: 12}
                """, models.resolve("audio/pitch.onnx"));
        Archives.pack(folder, "seasonal", "forecast", """
                handler:
                  forecast: {quantiles: [0.1, 0.5, 0.9]}
                """, models.resolve("forecast/seasonal.onnx"));
        server = SluiceServer.start(folder.resolve("store"), folder.resolve("log"), "--models", "all");
    }

    @AfterAll
    void stopServer() {
        server.close();
    }

    @Test
    @Row(76)
    void findsThingsInAnImage() throws Exception {
        HttpResponse<byte[]> answer = post("things", "application/octet-stream", file("vision/things.png"));

        JsonNode reference = JSON.readTree(file("vision/reference.json")).path("detections");
        JsonNode detections = json(answer);
        assertThat(answer.headers().firstValue("content-type")).isEmpty();
        assertThat(detections).hasSameSizeAs(reference);
        for (int i = 0; i < reference.size(); i++) {
            assertThat(detections.get(i).fieldNames()).toIterable().containsExactly(i == 0 ? "red" : "blue", "score");
            assertThat(detections.get(i).elements().next())
                    .isEqualTo(reference.get(i).path("box"));
            assertThat(detections.get(i).path("score").asDouble())
                    .isCloseTo(reference.get(i).path("score").asDouble(), Offset.offset(1e-6));
        }
        String base64 = Base64.getEncoder().encodeToString(file("vision/things.png"));
        assertThat(post("things", "text/plain", base64.getBytes(UTF_8)).body()).isEqualTo(answer.body());
    }

    @Test
    @Row(76)
    void tellsTheClassOfEveryPixel() throws Exception {
        JsonNode reference = JSON.readTree(file("vision/reference.json")).path("segments");
        JsonNode lines = json(post("segments", "image/png", file("vision/things.png")));

        BufferedImage mask = image(post("mask", "image/png", file("vision/things.png")), "image/png");
        assertThat(lines).hasSize(32);
        for (int y = 0; y < 32; y++) {
            assertThat(lines.get(y)).hasSize(32);
            for (int x = 0; x < 32; x++) {
                JsonNode pixel = lines.get(y).get(x);
                int expected = reference.path("classes").get(y).asText().charAt(x) - '0';
                assertThat(pixel.get(0).asDouble()).as("%d, %d", x, y).isEqualTo(expected);
                assertThat(pixel.get(1).asDouble())
                        .isCloseTo(reference.path("probabilities").get(y).get(x).asDouble(), LEVEL);
                assertThat(mask.getRaster().getSample(x, y, 0)).isEqualTo(expected);
            }
        }
    }

    @Test
    void answersAnImageWithAnImage() throws Exception {
        BufferedImage sent = ImageIO.read(new ByteArrayInputStream(file("vision/things.png")));

        BufferedImage inverted = image(post("inverted", "image/png", file("vision/things.png")), "image/png");

        assertThat(inverted.getWidth()).isEqualTo(sent.getWidth());
        for (int y = 0; y < sent.getHeight(); y++) {
            for (int x = 0; x < sent.getWidth(); x++) {
                assertThat(inverted.getRGB(x, y) & 0xffffff).isEqualTo(~sent.getRGB(x, y) & 0xffffff);
            }
        }
        HttpResponse<byte[]> jpeg = post("inverted", "image/png", file("vision/things.png"), "Accept", "image/jpeg");
        assertThat(image(jpeg, "image/jpeg").getHeight()).isEqualTo(sent.getHeight());
    }

    @Test
    void tellsWhatASoundIs() throws Exception {
        JsonNode reference = JSON.readTree(file("audio/reference.json"));

        JsonNode classes = json(post("pitch", "audio/wav", file("audio/chord.wav")));

        assertThat(classes.fieldNames()).toIterable().containsExactly("0", "1", "2");
        reference
                .fieldNames()
                .forEachRemaining(name -> assertThat(classes.path(name).asDouble())
                        .isCloseTo(reference.path(name).asDouble(), Offset.offset(1e-5)));
    }

    @Test
    void tellsWhatComesNext() throws Exception {
        JsonNode reference = JSON.readTree(file("forecast/reference.json"));
        String history = "{\"start\": \"2024-01-01\", \"target\": " + reference.path("history") + "}";

        JsonNode forecast = json(post("seasonal", "application/json", history.getBytes(UTF_8)));

        assertClose(forecast.path("mean"), reference.path("mean"));
        assertThat(forecast.path("quantiles").fieldNames()).toIterable().containsExactly("0.1", "0.5", "0.9");
        for (String level : List.of("0.1", "0.5", "0.9")) {
            assertClose(
                    forecast.path("quantiles").path(level),
                    reference.path("quantiles").path(level));
        }
    }

    @Test
    void refusesWhatItCannotRead() throws Exception {
        for (String model : List.of("things", "segments", "inverted", "pitch", "seasonal")) {
            HttpResponse<byte[]> answer = post(model, "application/octet-stream", "neither".getBytes(UTF_8));

            assertThat(answer.statusCode()).as(model).isEqualTo(400);
            assertThat(new String(answer.body(), UTF_8)).contains("expected: ");
        }
    }

    private static void assertClose(JsonNode actual, JsonNode expected) {
        assertThat(actual).hasSameSizeAs(expected);
        for (int i = 0; i < expected.size(); i++) {
            assertThat(actual.get(i).asDouble()).isCloseTo(expected.get(i).asDouble(), Offset.offset(1e-3));
        }
    }

    private static BufferedImage image(HttpResponse<byte[]> answer, String mediaType) throws IOException {
        assertThat(answer.headers().firstValue("content-type")).contains(mediaType);
        return ImageIO.read(new ByteArrayInputStream(answer.body()));
    }

    private static JsonNode json(HttpResponse<byte[]> answer) throws IOException {
        assertThat(answer.statusCode()).as(new String(answer.body(), UTF_8)).isEqualTo(200);
        return JSON.readTree(answer.body());
    }

    private HttpResponse<byte[]> post(String model, String mediaType, byte[] body, String... headers) throws Exception {
        HttpRequest.Builder request = HttpRequest.newBuilder(server.inference("/predictions/" + model))
                .timeout(Duration.ofSeconds(60))
                .header("Content-Type", mediaType)
                .POST(HttpRequest.BodyPublishers.ofByteArray(body));
        if (headers.length > 0) {
            request.headers(headers);
        }
        return http.send(request.build(), HttpResponse.BodyHandlers.ofByteArray());
    }

    private byte[] file(String name) throws IOException {
        return Files.readAllBytes(models.resolve(name));
    }
}
