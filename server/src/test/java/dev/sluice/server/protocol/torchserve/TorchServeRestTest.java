// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.protocol.torchserve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.server.protocol.AccessControl;
import dev.sluice.server.protocol.Plane;
import dev.sluice.server.transport.http.CrossOrigin;
import dev.sluice.server.transport.http.LeakGuard;
import dev.sluice.server.transport.http.RawClient;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Streams, documents, browsers and tokens over the wire; the rest is in the golden files. */
@ExtendWith(LeakGuard.class)
@Timeout(60)
final class TorchServeRestTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final AccessControl CLOSED = (plane, authorization) -> {
        throw new ServingException(
                authorization.isPresent() ? ErrorCode.PERMISSION_DENIED : ErrorCode.UNAUTHENTICATED, "no");
    };

    private static FakeServer.Setup setup() {
        return FakeServer.Setup.of(true);
    }

    private static RawClient.Response ask(FakeServer server, Plane plane, String request) {
        try (RawClient client = server.client(plane)) {
            client.send(request);
            return client.receive();
        }
    }

    /** Row 23. Seen to fail without {@code ts_stream_next}, and with details of the first part dropped. */
    @Test
    void sendsEachPartOfAStreamAsAChunk() {
        try (FakeServer server = new FakeServer(setup()).with("chatty.mar", 1);
                RawClient client = server.client(Plane.INFERENCE)) {
            client.send("GET /predictions/chatty HTTP/1.1\r\n\r\n");

            RawClient.Response answer = client.receive();
            assertThat(answer.status()).isEqualTo(203);
            assertThat(answer.header("transfer-encoding")).contains("chunked");
            assertThat(answer.header("ts_stream_next")).contains("true");
            assertThat(answer.header("tone")).contains("low");
            assertThat(answer.body()).isEqualTo("one two three four");
            client.send("GET /predictions/chatty HTTP/1.1\r\n\r\n");
            assertThat(client.receive().body()).as("the connection goes on").endsWith("four");
        }
    }

    /** Row 23: one chunk for each part. */
    @Test
    void framesAStreamByItsParts() {
        try (FakeServer server = new FakeServer(setup()).with("chatty.mar", 1);
                RawClient client = server.client(Plane.INFERENCE)) {
            client.send("GET /predictions/chatty HTTP/1.1\r\nconnection: close\r\n\r\n");

            String all = client.receiveAll();
            assertThat(all.substring(all.indexOf("\r\n\r\n") + 4))
                    .isEqualTo("4\r\none \r\n4\r\ntwo \r\n6\r\nthree \r\n4\r\nfour\r\n0\r\n\r\n");
        }
    }

    @Test
    void breaksOffAStreamThatFails() {
        try (FakeServer server = new FakeServer(setup()).with("chatty.mar", 1);
                RawClient client = server.client(Plane.INFERENCE)) {
            client.send("GET /predictions/chatty HTTP/1.1\r\nBreak: 1\r\n\r\n");

            assertThatThrownBy(client::receive).hasMessageContaining("stream broken off");
        }
    }

    private static JsonNode document(String name) throws Exception {
        try (InputStream in = TorchServeRestTest.class.getResourceAsStream("/openapi/torchserve/" + name + ".json")) {
            return JSON.readTree(in);
        }
    }

    /** Row 27. Seen to fail when only the models that are there counted. */
    @Test
    void isReadyWhenTheServerIs() {
        try (FakeServer server = new FakeServer(setup().withOpenInference(true))) {
            String request = "GET /v2/health/ready HTTP/1.1\r\n\r\n";
            assertThat(ask(server, Plane.INFERENCE, request).body()).contains("\"ready\": true");

            server.ready(false);

            RawClient.Response answer = ask(server, Plane.INFERENCE, request);
            assertThat(answer.status()).isEqualTo(503);
            assertThat(answer.body()).contains("\"ready\": false");
        }
    }

    /** Row 28. */
    @ParameterizedTest
    @CsvSource({"INFERENCE, inference", "MANAGEMENT, management"})
    void describesEachListener(Plane plane, String name) throws Exception {
        try (FakeServer server = new FakeServer(setup().guarded(CLOSED, false))) {
            JsonNode described = JSON.readTree(
                    ask(server, plane, "OPTIONS / HTTP/1.1\r\n\r\n").body());

            assertThat(described.at("/openapi").textValue()).isEqualTo("3.0.1");
            assertThat(described.at("/info/title").textValue()).isEqualTo("TorchServe APIs");
            assertThat(described.at("/info/version").textValue()).isEqualTo("1.2.3");
            assertThat(described.get("paths")).isEqualTo(document(name).get("paths"));
            assertThat(JSON.readTree(ask(server, plane, "GET /api-description HTTP/1.1\r\n\r\n")
                            .body()))
                    .isEqualTo(described);
        }
    }

    /** Row 65. */
    @Test
    void describesAllThatASharedListenerHas() throws Exception {
        try (FakeServer server = new FakeServer(setup().shared())) {
            JsonNode paths = JSON.readTree(ask(server, Plane.INFERENCE, "OPTIONS / HTTP/1.1\r\n\r\n")
                            .body())
                    .get("paths");

            for (String each : List.of("inference", "management")) {
                document(each)
                        .get("paths")
                        .properties()
                        .forEach(path -> assertThat(paths.get(path.getKey()))
                                .as(path.getKey())
                                .isNotNull());
            }
            server.with("echo.mar", 1);
            assertThat(ask(server, Plane.INFERENCE, "GET /models/echo/1.0 HTTP/1.1\r\n\r\n")
                            .status())
                    .isEqualTo(200);
            assertThat(ask(server, Plane.INFERENCE, "POST /models/echo/invoke HTTP/1.1\r\n\r\n")
                            .body())
                    .isEqualTo("body [] ");
            assertThat(ask(server, Plane.INFERENCE, "GET /v1/models/echo HTTP/1.1\r\n\r\n")
                            .status())
                    .isEqualTo(200);
        }
    }

    /** Row 29. */
    @Test
    void describesWhatCanBeDoneWithAModel() throws Exception {
        try (FakeServer server = new FakeServer(setup()).with("echo.mar", 1)) {
            JsonNode predictions =
                    JSON.readTree(ask(server, Plane.INFERENCE, "OPTIONS /predictions/echo HTTP/1.1\r\n\r\n")
                            .body());
            JsonNode management = JSON.readTree(ask(server, Plane.MANAGEMENT, "OPTIONS /models/echo HTTP/1.1\r\n\r\n")
                    .body());

            assertThat(predictions.at("/info/title").textValue()).isEqualTo("RESTful API for: echo");
            assertThat(names(predictions.get("paths")))
                    .containsExactly(
                            "/prediction/echo", "/v1/models/{model_name}:predict", "/v2/models/{model_name}/infer");
            assertThat(management.at("/info/title").textValue()).isEqualTo("RESTful Management API for: echo");
            assertThat(names(management.get("paths"))).containsExactly("/models/echo");
        }
    }

    private static List<String> names(JsonNode object) {
        List<String> names = new ArrayList<>();
        for (Iterator<String> each = object.fieldNames(); each.hasNext(); ) {
            names.add(each.next());
        }
        return names;
    }

    /** What a document promises must hold together: parameters of paths are declared, and each method answers something. */
    @ParameterizedTest
    @ValueSource(strings = {"inference", "management", "metrics", "predictions", "model-management"})
    void documentsAreOpenApi(String name) throws Exception {
        JsonNode document = document(name);

        assertThat(document.at("/info/title").isTextual()).isTrue();
        document.get("paths")
                .properties()
                .forEach(path -> path.getValue().properties().forEach(method -> {
                    JsonNode operation = method.getValue();
                    assertThat(operation.get("operationId").textValue()).isNotEmpty();
                    operation
                            .get("responses")
                            .properties()
                            .forEach(response -> assertThat(response.getValue()
                                            .get("description")
                                            .textValue())
                                    .isNotEmpty());
                    List<String> declared = new ArrayList<>();
                    for (JsonNode parameter : operation.path("parameters")) {
                        assertThat(parameter.get("schema").isObject()).isTrue();
                        if (parameter.get("in").textValue().equals("path")) {
                            assertThat(parameter.get("required").booleanValue()).isTrue();
                            declared.add("{" + parameter.get("name").textValue() + "}");
                        }
                    }
                    String rest = path.getKey().replace("{model}", "m");
                    for (String parameter : declared) {
                        assertThat(rest).contains(parameter);
                        rest = rest.replace(parameter, "");
                    }
                    assertThat(rest).as(path.getKey()).doesNotContain("{");
                }));
    }

    /** Row 41. Seen to fail when the object is embedded as text. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            {"about": 1}  | {"about":1}
            {"about": {}} | {"about":{}}
            [1]           | {}
            no JSON       | {}
            """)
    void embedsWhatAModelSaysOfItself(String said, String embedded) throws Exception {
        try (FakeServer server = new FakeServer(setup()).with("knowing.mar", 1)) {
            RawClient.Response answer = ask(
                    server,
                    Plane.MANAGEMENT,
                    "GET /models/knowing?customized=true HTTP/1.1\r\nSaying: " + said + "\r\n\r\n");

            assertThat(answer.status()).isEqualTo(200);
            assertThat(answer.header("about")).contains("me");
            assertThat(answer.header("content-type")).contains("application/json");
            assertThat(JSON.readTree(answer.body()).get(0).get("customizedMetadata"))
                    .isEqualTo(JSON.readTree(embedded));
            assertThat(ask(server, Plane.MANAGEMENT, "GET /models/knowing HTTP/1.1\r\n\r\n")
                            .body())
                    .doesNotContain("customizedMetadata");
        }
    }

    @Test
    void describesAModelWhoseHandlerSaysNothing() throws Exception {
        try (FakeServer server = new FakeServer(setup()).with("plain.mar", 1)) {
            RawClient.Response answer =
                    ask(server, Plane.MANAGEMENT, "GET /models/plain/1.0?customized=TRUE HTTP/1.1\r\n\r\n");

            assertThat(JSON.readTree(answer.body()).get(0).get("customizedMetadata"))
                    .isEqualTo(JSON.createObjectNode());
        }
    }

    /** Row 67. Seen to fail when only endpoints' own answers carry the headers. */
    @Test
    void tellsBrowsersWithEveryAnswer() {
        CrossOrigin told = new CrossOrigin(List.of(
                Map.entry("access-control-allow-origin", "https://a.example"),
                Map.entry("access-control-allow-methods", "GET, POST")));
        try (FakeServer server = new FakeServer(setup().withCrossOrigin(told)).with("chatty.mar", 1)) {
            for (String path : List.of("/ping", "/nope", "/predictions/nobody", "/%zz", "/predictions/chatty")) {
                RawClient.Response answer = ask(server, Plane.INFERENCE, "GET " + path + " HTTP/1.1\r\n\r\n");
                assertThat(answer.header("access-control-allow-origin"))
                        .as(path)
                        .contains("https://a.example");
                assertThat(answer.header("access-control-allow-methods")).contains("GET, POST");
            }
            assertThat(ask(server, Plane.MANAGEMENT, "POST /nope HTTP/1.1\r\ncontent-length: 9999999\r\n\r\n")
                            .header("access-control-allow-origin"))
                    .isPresent();
        }
    }

    @Test
    void answersABrowserThatAsksFirstWithoutAToken() {
        CrossOrigin told = new CrossOrigin(List.of(Map.entry("access-control-allow-origin", "*")));
        String question = String.join(
                "\r\n",
                "OPTIONS /predictions/m HTTP/1.1",
                "origin: https://a.example",
                "access-control-request-method: POST",
                "",
                "");
        try (FakeServer server = new FakeServer(setup().guarded(CLOSED, false).withCrossOrigin(told));
                FakeServer silent = new FakeServer(setup().guarded(CLOSED, false))) {
            RawClient.Response answer = ask(server, Plane.INFERENCE, question);
            assertThat(answer.status()).isEqualTo(204);
            assertThat(answer.header("access-control-allow-origin")).contains("*");
            assertThat(ask(server, Plane.INFERENCE, "OPTIONS /predictions/m HTTP/1.1\r\n\r\n")
                            .status())
                    .isEqualTo(400);
            assertThat(ask(silent, Plane.INFERENCE, question).status()).isEqualTo(400);
        }
    }

    @Test
    void refusesCallersByTheStatusOfTheOperatorsChoice() {
        try (FakeServer original = new FakeServer(setup().guarded(CLOSED, false));
                FakeServer standard = new FakeServer(setup().guarded(CLOSED, true))) {
            String without = "GET /ping HTTP/1.1\r\n\r\n";
            String with = "GET /ping HTTP/1.1\r\nauthorization: Bearer x\r\n\r\n";
            for (String request : List.of(without, with)) {
                RawClient.Response answer = ask(original, Plane.INFERENCE, request);
                assertThat(answer.status()).isEqualTo(400);
                assertThat(answer.body()).contains("\"type\": \"InvalidKeyException\"");
            }
            RawClient.Response unknown = ask(standard, Plane.INFERENCE, without);
            assertThat(unknown.status()).isEqualTo(401);
            assertThat(unknown.header("www-authenticate")).contains("Bearer");
            assertThat(ask(standard, Plane.INFERENCE, with).status()).isEqualTo(403);
        }
    }

    /** {@code max_response_size} is 2048. */
    @Test
    void answersThatAreTooLargeCostTheWorker() {
        try (FakeServer server = new FakeServer(setup()).with("echo.mar", 1)) {
            RawClient.Response answer = ask(
                    server,
                    Plane.INFERENCE,
                    "POST /predictions/echo HTTP/1.1\r\ncontent-length: 3000\r\n\r\n" + "x".repeat(3000));

            assertThat(answer.status()).isEqualTo(500);
            assertThat(answer.body())
                    .contains("\"type\": \"InternalServerException\"")
                    .contains("\"message\": \"Worker died.\"");
        }
    }

    @Test
    void handsBodiesOnUntypedWhenToldNotToDecode() {
        try (FakeServer server = new FakeServer(setup().withoutDecoding()).with("echo.mar", 1)) {
            RawClient.Response answer = ask(
                    server,
                    Plane.INFERENCE,
                    "POST /predictions/echo HTTP/1.1\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}");

            assertThat(answer.body()).isEqualTo("body [] {}");
        }
    }

    /** More instances than are asked for at once, and than the model's queue has places. */
    @Test
    void answersManyInstancesInTheirOrder() throws Exception {
        try (FakeServer server = new FakeServer(setup().withEnvelope(Optional.of("json"))).with("tiny.mar", 2)) {
            StringBuilder body = new StringBuilder("{\"instances\": [0");
            for (int i = 1; i < 300; i++) {
                body.append(',').append(i);
            }
            body.append("]}");

            JsonNode answer = JSON.readTree(ask(
                            server,
                            Plane.INFERENCE,
                            "POST /predictions/tiny HTTP/1.1\r\ncontent-length: " + body.length() + "\r\n\r\n" + body)
                    .body());

            assertThat(answer.get("predictions").size()).isEqualTo(300);
            for (int i = 0; i < 300; i++) {
                assertThat(answer.get("predictions").get(i).intValue()).isEqualTo(i);
            }
        }
    }
}
