// SPDX-License-Identifier: Apache-2.0
package dev.sluice.blackbox;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.blackbox.Digits.Digit;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** One network in every format, on one server: whoever answers, the answer is the same. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class FormatsIT {
    /** File or folder of the model, by the name it is served under. */
    private static final Map<String, String> FORMATS = Map.of(
            "torchscript", "digits.pt",
            "mobile", "digits.ptl",
            "onnx", "digits.onnx",
            "savedmodel", "saved_model",
            "tflite", "digits.tflite");

    private static final double TOLERANCE = 1e-4;
    private static final int CLIENTS = 4;

    private final List<Digit> digits = Digits.heldOut();
    private final Client client = new Client();
    private SluiceServer server;

    static Stream<String> formats() {
        return FORMATS.keySet().stream().sorted();
    }

    @BeforeAll
    void startServer(@TempDir Path folder) throws Exception {
        Path store = Files.createDirectory(folder.resolve("store"));
        for (Map.Entry<String, String> format : FORMATS.entrySet()) {
            Digits.pack(store, format.getKey(), format.getValue());
        }
        server = SluiceServer.start(store, folder.resolve("log"), "--models", "all");
    }

    @AfterAll
    void stopServer() {
        server.close();
    }

    /** Planted: another set of weights in one format. */
    @ParameterizedTest
    @MethodSource("formats")
    void givesEveryHeldOutDigitTheSameClassAndProbabilities(String format) throws Exception {
        assertThat(digits).hasSize(360);
        ExecutorService clients = Executors.newFixedThreadPool(CLIENTS);
        try {
            List<Future<Void>> checks = clients.invokeAll(digits.stream()
                    .<java.util.concurrent.Callable<Void>>map(digit -> () -> {
                        check(format, digit);
                        return null;
                    })
                    .toList());
            for (Future<Void> check : checks) {
                check.get();
            }
        } finally {
            clients.shutdownNow();
        }
    }

    private void check(String format, Digit digit) throws IOException, InterruptedException {
        HttpResponse<String> answer = client.post(server.inference("/predictions/" + format), digit.image());
        assertThat(answer.statusCode()).as(digit.file()).isEqualTo(200);
        assertThat(Digits.parse(answer.body()).fieldNames().next())
                .as(digit.file())
                .isEqualTo(Integer.toString(digit.likeliest()));
        assertThat(digit.deviation(answer.body())).as(digit.file()).isLessThanOrEqualTo(TOLERANCE);
    }
}
