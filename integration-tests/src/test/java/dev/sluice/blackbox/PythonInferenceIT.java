// SPDX-License-Identifier: Apache-2.0
package dev.sluice.blackbox;

import static dev.sluice.blackbox.Calls.isError;
import static dev.sluice.blackbox.Calls.ok;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.sluice.conformance.Row;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** What a handler in Python sees of a request, and what clients see of its answer. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class PythonInferenceIT {
    private static final String FORM = "multipart/form-data; boundary=b";

    private SluiceServer server;
    private Calls calls;

    @BeforeAll
    void startServer(@TempDir Path folder) throws Exception {
        Path store = Files.createDirectory(folder.resolve("store"));
        PythonArchives.pack(store, "m", "probe.py", "minWorkers: 1\nmaxWorkers: 1\n");
        PythonArchives.named("m")
                .version("2.0")
                .source("two.py", """
                def handle(data, context):
                    return data and ["two"] * len(data)
                """)
                .configuration("minWorkers: 1\nmaxWorkers: 1\n")
                .mar(store);
        server = SluiceServer.start(
                store,
                folder.resolve("log"),
                "--models",
                "m.mar,m-2.0.mar",
                "--set",
                "drain_delay=0",
                "--set",
                "max_request_size=100000");
        calls = new Calls(server);
        assertThat(calls.manage("PUT", "/models/m/1.0/set-default").statusCode())
                .isEqualTo(200);
    }

    @AfterAll
    void stopServer() {
        server.close();
    }

    @Test
    @Row(5)
    void seesARawBodyAsBytes() throws Exception {
        JsonNode seen = ok(calls.send("PUT", "/predictions/m", "raw \u0001 bytes"));

        assertThat(seen.at("/inputs/body/type").asText()).isEqualTo("bytearray");
        assertThat(seen.at("/inputs/body/value").asText()).isEqualTo("raw \u0001 bytes");
        assertThat(seen.at("/model").asText()).isEqualTo("m");
    }

    @Test
    @Row({6, 8})
    void seesPartsByNameAndDecodesOnlyThoseWithAFileName() throws Exception {
        String body = """
                --b
                Content-Disposition: form-data; name="data"; filename="img.jpg"
                Content-Type: image/jpeg

                JPEG
                --b
                Content-Disposition: form-data; name="typed"; filename="a.json"
                Content-Type: application/json

                {"a":1}
                --b
                Content-Disposition: form-data; name="field"

                {"a":1}
                --b--
                """.replace("\n", "\r\n");
        JsonNode seen = ok(calls.predict("m", body, "content-type", FORM));

        assertThat(seen.at("/inputs/data/type").asText()).isEqualTo("bytearray");
        assertThat(seen.at("/inputs/data/value").asText()).isEqualTo("JPEG");
        assertThat(seen.at("/inputs/typed/type").asText()).isEqualTo("dict");
        assertThat(seen.at("/inputs/typed/value/a").asInt()).isEqualTo(1);
        assertThat(seen.at("/inputs/field/type").asText()).isEqualTo("bytearray");
        assertThat(seen.at("/inputs/field/value").asText()).isEqualTo("{\"a\":1}");
    }

    @Test
    @Row({7, 8})
    void decodesJsonAndTextAndLeavesBrokenOnesAlone() throws Exception {
        JsonNode typed = ok(calls.predict("m", "{\"a\":1}", "content-type", "application/json"));
        JsonNode form = ok(calls.predict("m", "{\"a\":1}", "content-type", "application/x-www-form-urlencoded"));
        JsonNode fields = ok(calls.predict("m", "x=1&y=2", "content-type", "application/x-www-form-urlencoded"));
        JsonNode broken = ok(calls.predict("m", "{\"a\":", "content-type", "application/json"));
        JsonNode text = ok(calls.predict("m", "gr\u00fcn", "content-type", "text/plain; charset=utf-8"));

        assertThat(typed.at("/inputs/body/value/a").asInt()).isEqualTo(1);
        assertThat(form.at("/inputs/body/value/a").asInt()).isEqualTo(1);
        assertThat(fields.at("/inputs/x/value").asText()).isEqualTo("1");
        assertThat(fields.at("/inputs/y/value").asText()).isEqualTo("2");
        assertThat(broken.at("/inputs/body/type").asText()).isEqualTo("bytearray");
        assertThat(text.at("/inputs/body/type").asText()).isEqualTo("str");
        assertThat(text.at("/inputs/body/value").asText()).isEqualTo("gr\u00fcn");
    }

    @Test
    @Row(9)
    void asksTheVersionThatIsNamed() throws Exception {
        assertThat(calls.predict("m/2.0", "x").body()).isEqualTo("two");
        assertThat(ok(calls.predict("m", "x")).path("model").asText()).isEqualTo("m");
        isError(calls.predict("m/9", "x"), 404, "Model version: 9 does not exist for model: m");
    }

    @Test
    @Row(10)
    void seesTheRestOfThePath() throws Exception {
        JsonNode seen = ok(calls.predict("m/1.0/v1/chat/completions", "x"));

        assertThat(seen.at("/headers/url_path").asText()).isEqualTo("v1/chat/completions");
        assertThat(ok(calls.predict("m", "x")).at("/headers/url_path").asText()).isEmpty();
    }

    @Test
    @Row(11)
    void isToldToExplain() throws Exception {
        assertThat(ok(calls.send("POST", "/explanations/m", "x"))
                        .at("/headers/explain")
                        .asText())
                .isEqualTo("True");
        assertThat(ok(calls.predict("m", "x")).at("/headers/explain").asText()).isEqualTo("False");
    }

    @Test
    void seesTheClientsHeadersAndTheIdTheClientGets() throws Exception {
        HttpResponse<String> answer = calls.predict("m", "x", "Some-Header", "a value", "x-request-id", "mine");

        assertThat(ok(answer).at("/headers/Some-Header").asText()).isEqualTo("a value");
        assertThat(answer.headers().firstValue("x-request-id"))
                .contains(ok(answer).path("id").asText());
    }

    @Test
    @Row({12, 13})
    void putsTheUsualHeadersOnAnAnswerAndNoContentTypeThatNobodySet() throws Exception {
        HttpResponse<String> answer = calls.predict("m", "x");

        assertThat(answer.headers().firstValue("content-type")).isEmpty();
        assertThat(answer.headers().firstValue("pragma")).contains("no-cache");
        assertThat(answer.headers().firstValue("expires")).contains("Thu, 01 Jan 1970 00:00:00 UTC");
        assertThat(answer.headers().firstValue("cache-control"))
                .contains("no-cache; no-store, must-revalidate, private");
    }

    @Test
    @Row(14)
    void saysStatusReasonHeadersAndContentType() throws Exception {
        String answer =
                RawHttp.exchange(server.inference("/predictions/m"), "POST", "python: 1\r\n", """
                context.set_response_status(599, "x y", index)
                context.set_response_header(index, "dummy", "1")
                context.set_response_content_type(index, "text/plain")
                return "body"
                """.getBytes(UTF_8));

        assertThat(answer).startsWith("HTTP/1.1 599 x y\r\n").endsWith("\r\n\r\nbody");
        assertThat(RawHttp.header(answer, "dummy")).isEqualTo("1");
        assertThat(RawHttp.header(answer, "content-type")).isEqualTo("text/plain");
    }

    @Test
    void writesEachKindOfAnswerAsTheOriginalDoes() throws Exception {
        assertThat(calls.run("m", "return 'text \u00fc'").body()).isEqualTo("text \u00fc");
        assertThat(calls.run("m", "return b'bytes'").body()).isEqualTo("bytes");
        assertThat(calls.run("m", "return bytearray(b'array')").body()).isEqualTo("array");
        assertThat(calls.run("m", "return {'a': [1, 2.5]}").body()).isEqualTo("""
                {
                  "a": [
                    1,
                    2.5
                  ]
                }""");
        assertThat(calls.run("m", "return None").body()).isEqualTo("null");
        assertThat(calls.run("m", "return ''").body()).isEmpty();
    }

    @Test
    @Row(22)
    void isNotAskedForABodyThatIsTooLarge() throws Exception {
        assertThat(calls.predict("m", "x".repeat(100_001)).statusCode()).isEqualTo(413);
        assertThat(calls.predict("m", "x".repeat(100_000)).statusCode()).isEqualTo(200);
    }

    @Test
    @Row(24)
    void answersSageMakersRoutes() throws Exception {
        assertThat(ok(calls.send("POST", "/models/m/invoke?extra=1", "x"))
                        .at("/inputs/extra/value")
                        .asText())
                .isEqualTo("1");
        assertThat(ok(calls.send("POST", "/invocations?model_name=m", "x"))
                        .at("/inputs/body/value")
                        .asText())
                .isEqualTo("x");
    }

    @Test
    @Row(25)
    void answersTheLegacyRoute() throws Exception {
        JsonNode seen = ok(calls.send("GET", "/m/predict?data=x", ""));

        assertThat(seen.at("/inputs/data/value").asText()).isEqualTo("x");
        assertThat(seen.at("/inputs/data/type").asText()).isEqualTo("bytearray");
    }

    @Test
    @Row(41)
    void saysOfItselfWhatItsHandlerSays() throws Exception {
        JsonNode described = Digits.parse(
                        calls.manage("GET", "/models/m?customized=true").body())
                .get(0);

        assertThat(described.at("/customizedMetadata/described").asText()).isEqualTo("m");
    }

    @Test
    @Row(40)
    void isDescribedWithItsProcess() throws Exception {
        List<Long> workers = calls.workers("m");

        assertThat(workers)
                .containsExactly(ok(calls.predict("m", "x")).path("pid").asLong());
        JsonNode worker = calls.describe("m").at("/workers/0");
        assertThat(worker.path("gpu").asBoolean()).isFalse();
        assertThat(worker.path("gpuUsage").asText()).isEqualTo("N/A");
        assertThat(calls.describe("m").path("runtime").asText()).isEqualTo("python");
    }
}
