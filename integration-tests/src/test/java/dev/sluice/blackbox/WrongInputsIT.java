// SPDX-License-Identifier: Apache-2.0
package dev.sluice.blackbox;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What a caller reads who sends a model the wrong tensor, whatever engine the model runs on. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class WrongInputsIT {
    private static final Map<String, String> FORMATS = Map.of(
            "torchscript", "digits.pt",
            "onnx", "digits.onnx",
            "savedmodel", "saved_model",
            "tflite", "digits.tflite");

    /** TorchScript does not say what it takes, so the configuration does. */
    private static final String CONFIGURATION = """
            maxBatchDelay: 0
            handler:
              baseHandler:
                inputs:
                  - {name: image, type: FP32, shape: [-1, 1, 8, 8]}
            """;

    private static final String GOOD = rows(8, 8, "0.5");

    private final Client client = new Client();
    private SluiceServer server;

    private static String rows(int height, int width, String value) {
        String row = "[" + String.join(",", java.util.Collections.nCopies(width, value)) + "]";
        return "[[" + String.join(",", java.util.Collections.nCopies(height, row)) + "]]";
    }

    static Stream<Arguments> wrong() {
        Map<String, String> messages = Map.of(
                "{\"imge\": " + GOOD + "}",
                "input 'imge': unknown (expected: one of 'image' FP32 [-1, 1, 8, 8])",
                "{\"image\": " + GOOD + ", \"mask\": [1]}",
                "input 'mask': unknown (expected: one of 'image' FP32 [-1, 1, 8, 8])",
                "{}",
                "input 'image': missing (expected: FP32 [-1, 1, 8, 8])",
                rows(8, 8, "\"a\""),
                "input 'image': a string (expected: FP32 values in nested lists)",
                "[1, 2, 3]",
                "input 'image': FP32 [3] (expected: FP32 [1, 8, 8], one row of the model's input)",
                rows(8, 9, "1"),
                "input 'image': FP32 [1, 8, 9] (expected: FP32 [1, 8, 8], one row of the model's input)",
                "{\"image\": 1}",
                "input 'image': FP32 [] (expected: FP32 [1, 8, 8], one row of the model's input)");
        return FORMATS.keySet().stream()
                .sorted()
                .flatMap(format -> messages.entrySet().stream()
                        .map(message -> Arguments.of(format, message.getKey(), message.getValue())));
    }

    @BeforeAll
    void startServer(@TempDir Path folder) throws Exception {
        Path store = Files.createDirectory(folder.resolve("store"));
        Path configuration = Files.writeString(folder.resolve("plain.yaml"), CONFIGURATION);
        for (Map.Entry<String, String> format : FORMATS.entrySet()) {
            Path model = Distribution.digits().resolve(format.getValue());
            Archives.pack(store, format.getKey(), "1.0", "base_handler", configuration, List.of(model), List.of());
        }
        server = SluiceServer.start(store, folder.resolve("log"), "--models", "all");
    }

    @AfterAll
    void stopServer() {
        server.close();
    }

    @ParameterizedTest
    @MethodSource("wrong")
    void saysWhichInputWhatCameAndWhatTheModelWants(String format, String body, String message) throws Exception {
        HttpResponse<String> answer = client.post(server.inference("/predictions/" + format), body.getBytes(UTF_8));

        assertThat(answer.statusCode()).isEqualTo(400);
        assertThat(Digits.parse(answer.body()).get("message").asText()).isEqualTo(message);
    }

    static Stream<String> formats() {
        return FORMATS.keySet().stream().sorted();
    }

    @ParameterizedTest
    @MethodSource("formats")
    void answersTheRightOne(String format) throws Exception {
        HttpResponse<String> answer = client.post(server.inference("/predictions/" + format), GOOD.getBytes(UTF_8));

        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(Digits.parse(answer.body())).hasSize(10);
        HttpResponse<String> named =
                client.post(server.inference("/predictions/" + format), ("{\"image\": " + GOOD + "}").getBytes(UTF_8));
        assertThat(named.statusCode()).isEqualTo(200);
        assertThat(Digits.parse(named.body()).iterator().next()).isEqualTo(Digits.parse(answer.body()));
    }
}
