// SPDX-License-Identifier: Apache-2.0
package dev.sluice.blackbox;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.sluice.conformance.Row;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What handlers say, and envelopes around real models, over the wire of the distribution. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class RestInterfaceIT {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final Client client = new Client();
    private Path folder;
    private SluiceServer server;

    @BeforeAll
    void startServer(@TempDir Path temporary) throws Exception {
        folder = temporary;
        Files.createDirectory(folder.resolve("store"));
        Digits.pack(folder.resolve("store"), "digits", "digits.onnx");
        Path jar = Distribution.exampleHandler();
        Archives.pack(
                folder.resolve("store"),
                "script",
                "1.0",
                "com.example.script.ScriptHandler",
                Files.writeString(folder.resolve("none.yaml"), ""),
                List.of(),
                List.of(jar));
        Archives.pack(
                folder.resolve("store"),
                "forgetful",
                "1.0",
                "com.example.script.ForgetfulHandler",
                folder.resolve("none.yaml"),
                List.of(),
                List.of(jar));
        server = SluiceServer.start(
                folder.resolve("store"),
                folder.resolve("log"),
                "--models",
                "script.mar,forgetful.mar,digits.mar",
                "--set",
                "cors_allowed_origin=https://a.example",
                "--set",
                "ts_open_inference_protocol=true");
    }

    @AfterAll
    void stopServer() {
        server.close();
    }

    private HttpResponse<String> tell(String order) throws IOException, InterruptedException {
        return client.post(server.inference("/predictions/script"), order.getBytes(UTF_8));
    }

    /** Row 14. */
    @Test
    void sendsWhatTheHandlerSaysBesides() throws Exception {
        HttpResponse<String> answer = tell("status 599 x");

        assertThat(answer.statusCode()).isEqualTo(599);
        assertThat(answer.headers().firstValue("dummy")).contains("1");
        assertThat(answer.headers().firstValue("content-type")).isEmpty();
        assertThat(answer.body()).isEqualTo("as told");
    }

    /** Rows 15, 16 and 18. */
    @ParameterizedTest
    @CsvSource({
        "raise, 503, InternalServerException, Prediction failed",
        "refuse 513, 513, InternalServerException, refused as told",
        "memory, 507, InternalServerException, Out of resources"
    })
    void saysHowTheHandlerFailed(String order, int status, String type, String message) throws Exception {
        HttpResponse<String> answer = tell(order);

        assertThat(answer.statusCode()).isEqualTo(status);
        assertThat(answer.body())
                .contains("\"type\": \"" + type + "\"")
                .contains("\"message\": \"" + message + "\"")
                .doesNotContain("as told\n");
        assertThat(tell("still there").body()).isEqualTo("still there");
    }

    /** Row 17. */
    @Test
    @Row(17)
    void saysThatAnAnswerIsMissing() throws Exception {
        HttpResponse<String> answer = client.post(server.inference("/predictions/forgetful"), new byte[1]);

        assertThat(answer.statusCode()).isEqualTo(503);
        assertThat(answer.body()).contains("number of batch response mismatched");
    }

    /** Row 23. */
    @Test
    void streamsPartsAsTheyCome() throws Exception {
        HttpResponse<String> answer = tell("stream");

        assertThat(answer.headers().firstValue("transfer-encoding")).contains("chunked");
        assertThat(answer.headers().firstValue("ts_stream_next")).contains("true");
        assertThat(answer.body()).isEqualTo("one two three four");
        assertThatThrownBy(() -> tell("break")).isInstanceOf(IOException.class);
    }

    /** Rows 11 and 41. */
    @Test
    void explainsAndDescribesByTheHandler() throws Exception {
        assertThat(client.post(server.inference("/explanations/script/1.0"), "x".getBytes(UTF_8))
                        .body())
                .isEqualTo("because: x");
        assertThat(client.post(server.inference("/explanations/digits"), new byte[1])
                        .statusCode())
                .isEqualTo(501);
        JsonNode described = JSON.readTree(
                client.get(server.management("/models/script?customized=true")).body());
        assertThat(described.at("/0/customizedMetadata/does").textValue()).isEqualTo("what it is told");
        assertThat(JSON.readTree(client.get(server.management("/models/digits?customized=true"))
                                .body())
                        .at("/0/customizedMetadata"))
                .isEqualTo(JSON.createObjectNode());
    }

    /** Rows 25, 27, 28, 45 and 67. */
    @Test
    @Row(26)
    void servesThePathsOfOthers() throws Exception {
        assertThat(client.get(server.inference("/script/predict?data=hello")).body())
                .isEqualTo("hello");
        assertThat(client.get(server.inference("/v2/health/live")).body()).contains("\"live\": true");
        assertThat(client.get(server.management("/v1/models/digits")).body()).contains("\"ready\": true");
        for (var plane : List.of(server.inference("/"), server.management("/"), server.metrics("/"))) {
            HttpResponse<String> described = client.send("OPTIONS", plane, new byte[0]);
            assertThat(JSON.readTree(described.body()).get("openapi").textValue())
                    .isEqualTo("3.0.1");
            assertThat(described.headers().firstValue("access-control-allow-origin"))
                    .contains("https://a.example");
        }
        assertThat(client.get(server.metrics("/metrics")).headers().firstValue("access-control-allow-origin"))
                .contains("https://a.example");
    }

    /** Rows 26 and 77, and 24: the only model the server started with. */
    @Test
    @Row(77)
    void opensEnvelopes() throws Exception {
        Digits.Digit digit = Digits.all().get(3);
        String image = Base64.getEncoder().encodeToString(digit.image());
        byte[] instances = ("{\"instances\": [{\"b64\": \"" + image + "\"}, {\"data\": \"" + image
                        + "\"}, {\"data\": {\"b64\": \"" + image + "\"}}]}")
                .getBytes(UTF_8);
        try (SluiceServer json = start("json")) {
            for (String path : new String[] {"/predictions/digits", "/v1/models/digits:predict", "/invocations"}) {
                HttpResponse<String> answer = client.post(json.inference(path), instances);
                assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
                JsonNode predictions = JSON.readTree(answer.body()).get("predictions");
                assertThat(predictions.size()).isEqualTo(3);
                for (JsonNode prediction : predictions) {
                    assertThat(digit.deviation(prediction.toString())).isLessThan(1e-4);
                }
            }
        }
        try (SluiceServer v2 = start("kservev2")) {
            byte[] tensor = ("{\"id\": \"7\", \"inputs\": [{\"name\": \"x\", \"shape\": [2], \"datatype\": \"BYTES\","
                            + " \"data\": [\"" + image + "\", \"" + image + "\"]}]}")
                    .getBytes(UTF_8);
            HttpResponse<String> answer = client.post(v2.inference("/v2/models/digits/infer"), tensor);
            assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
            JsonNode body = JSON.readTree(answer.body());
            assertThat(body.get("id").textValue()).isEqualTo("7");
            assertThat(body.at("/outputs/0/shape").toString()).isEqualTo("[2]");
            assertThat(digit.deviation(body.at("/outputs/0/data/1").textValue()))
                    .isLessThan(1e-4);
        }
    }

    private SluiceServer start(String envelope) {
        return SluiceServer.start(
                folder.resolve("store"),
                folder.resolve("log-" + envelope),
                "--models",
                "digits.mar",
                "--set",
                "service_envelope=" + envelope);
    }
}
