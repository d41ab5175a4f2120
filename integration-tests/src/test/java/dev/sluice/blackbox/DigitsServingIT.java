// SPDX-License-Identifier: Apache-2.0
package dev.sluice.blackbox;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.sluice.blackbox.Digits.Digit;
import dev.sluice.conformance.Row;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The digits on both engines, alone and under load. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class DigitsServingIT {
    /** What the answer may differ from the Python reference by. */
    private static final double TOLERANCE = 1e-4;

    /** JPEG decoders differ by a grey level or two, which this model turns into a little more. */
    private static final double JPEG_TOLERANCE = 2e-2;

    private static final int CLIENTS = 100;
    private static final int REQUESTS_PER_CLIENT = 200;

    private final List<Digit> digits = Digits.all();
    private final Client client = new Client();
    private SluiceServer server;

    @BeforeAll
    void startServer(@TempDir Path folder) throws Exception {
        Path store = Files.createDirectory(folder.resolve("store"));
        Digits.pack(store, "digits-pytorch", "digits.pt");
        Digits.pack(store, "digits-onnx", "digits.onnx");
        server = SluiceServer.start(store, folder.resolve("log"), "--models", "all");
    }

    @AfterAll
    void stopServer() {
        server.close();
    }

    @ParameterizedTest
    @ValueSource(strings = {"digits-pytorch", "digits-onnx"})
    @Row(76)
    void reproducesTheReferenceOnEverySample(String model) throws Exception {
        for (Digit digit : digits) {
            HttpResponse<String> answer = client.post(server.inference("/predictions/" + model), digit.image());
            assertThat(answer.statusCode()).as(digit.file()).isEqualTo(200);
            assertThat(digit.deviation(answer.body()))
                    .as(digit.file())
                    .isLessThanOrEqualTo(digit.isJpeg() ? JPEG_TOLERANCE : TOLERANCE);
        }
    }

    @Test
    void answersTheMostLikelyClassFirst() throws Exception {
        for (Digit digit : digits) {
            HttpResponse<String> answer = client.post(server.inference("/predictions/digits-onnx"), digit.image());
            assertThat(Digits.parse(answer.body()).fieldNames().next())
                    .as(digit.file())
                    .isEqualTo(Integer.toString(digit.label()));
        }
    }

    /** Every tenth body is no image; it must fail alone and every other answer must be the one for its own image. */
    @ParameterizedTest
    @ValueSource(strings = {"digits-pytorch", "digits-onnx"})
    void answersEachOfManyConcurrentClientsWithItsOwnImage(String model) throws Exception {
        ExecutorService clients = Executors.newFixedThreadPool(CLIENTS);
        try {
            List<Callable<Integer>> work = new ArrayList<>();
            for (int i = 0; i < CLIENTS; i++) {
                int offset = i;
                work.add(() -> runClient(model, offset));
            }
            int answered = 0;
            for (Future<Integer> result : clients.invokeAll(work)) {
                answered += result.get();
            }
            assertThat(answered).isEqualTo(CLIENTS * REQUESTS_PER_CLIENT);
        } finally {
            clients.shutdownNow();
        }
    }

    private int runClient(String model, int offset) throws Exception {
        for (int i = 0; i < REQUESTS_PER_CLIENT; i++) {
            if ((i + offset) % 10 == 0) {
                expectRefusal(client.post(server.inference("/predictions/" + model), "no image".getBytes(UTF_8)));
            } else {
                Digit digit = digits.get((i + offset) % digits.size());
                HttpResponse<String> answer = client.post(server.inference("/predictions/" + model), digit.image());
                assertThat(answer.statusCode()).isEqualTo(200);
                assertThat(digit.deviation(answer.body()))
                        .as(digit.file())
                        .isLessThanOrEqualTo(digit.isJpeg() ? JPEG_TOLERANCE : TOLERANCE);
            }
        }
        return REQUESTS_PER_CLIENT;
    }

    private static void expectRefusal(HttpResponse<String> answer) {
        assertThat(answer.statusCode()).isEqualTo(400);
        JsonNode error = Digits.parse(answer.body());
        assertThat(error.fieldNames()).toIterable().containsExactly("code", "type", "message");
        assertThat(error.get("code").asInt()).isEqualTo(400);
        assertThat(error.get("type").asText()).isEqualTo("BadRequestException");
    }
}
