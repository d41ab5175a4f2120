// SPDX-License-Identifier: Apache-2.0
package dev.sluice.blackbox;

import static dev.sluice.blackbox.Calls.isError;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.sluice.conformance.Row;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Handlers that fail: what their clients read, and that the worker serves on. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class PythonErrorsIT {
    private Path log;
    private SluiceServer server;
    private Calls calls;
    private List<Long> workers = List.of();

    @BeforeAll
    void startServer(@TempDir Path folder) throws Exception {
        Path store = Files.createDirectory(folder.resolve("store"));
        log = folder.resolve("log-files");
        PythonArchives.pack(store, "m", "probe.py", "minWorkers: 1\nmaxWorkers: 1\n");
        broken(store, "absent", "import no_such_package\n");
        broken(store, "raising", """
                def handle(data, context):
                    raise ValueError("no weights in /secret/place")
                """);
        broken(store, "syntax", "def handle(data, context)\n    return data\n");
        broken(store, "two", "class A: pass\nclass B: pass\n");
        broken(store, "memory", "def handle(data, context):\n    raise MemoryError()\n");
        broken(store, "leaving", "import os\nos._exit(3)\n");
        server = SluiceServer.start(store, folder.resolve("log"), "--models", "m.mar", "--set", "drain_delay=0");
        calls = new Calls(server);
        workers = calls.workers("m");
    }

    private static void broken(Path store, String name, String source) throws Exception {
        PythonArchives.named(name)
                .source("handler.py", source)
                .configuration("maxRetryTimeoutInSec: 0\n")
                .mar(store);
    }

    @AfterEach
    void theWorkerIsStillTheSame() throws Exception {
        assertThat(calls.run("m", "return 'fine'").body()).isEqualTo("fine");
        assertThat(calls.workers("m")).isEqualTo(workers);
    }

    @AfterAll
    void stopServer() {
        server.close();
    }

    @Test
    @Row(15)
    void anExceptionIsToldWithoutItsText() throws Exception {
        HttpResponse<String> answer = calls.run("m", "raise ValueError('secret')");

        isError(answer, 503, "Prediction failed");
        assertThat(Digits.parse(answer.body()).path("type").asText()).isEqualTo("InternalServerException");
        await().atMost(Duration.ofSeconds(10))
                .untilAsserted(() -> assertThat(Files.readString(log.resolve("model_log.log")))
                        .contains("ValueError: secret")
                        .contains("Traceback (most recent call last)"));
    }

    @Test
    @Row(16)
    void aPredictionExceptionIsToldWithItsTextAndCode() throws Exception {
        isError(calls.run("m", "raise PredictionException('msg', 513)"), 513, "msg");
        isError(calls.run("m", "raise PredictionException('plain')"), 500, "plain");
        isError(calls.run("m", "raise PredictionException('not found', 404)"), 404, "not found");
    }

    @Test
    void aPredictionExceptionInPlaceOfAnAnswerIsThatRequestsError() throws Exception {
        isError(calls.run("m", "return PredictionException('only mine', 422)"), 422, "only mine");
    }

    @ParameterizedTest
    @Row(17)
    @CsvSource(delimiter = '|', textBlock = """
            raise Whole([])            | number of batch response mismatched
            raise Whole(['a', 'b'])    | number of batch response mismatched
            raise Whole({'a': 1})      | Invalid model predict output
            raise Whole('text')        | Invalid model predict output
            return object()            | Unsupported model output data type.
            """)
    void anAnswerThatIsNoneIsToldInTheOriginalsWords(String python, String message) throws Exception {
        isError(calls.run("m", python), 503, message);
    }

    @ParameterizedTest
    @Row(18)
    @CsvSource({"raise MemoryError()", "raise RuntimeError('CUDA out of memory')"})
    void tooLittleMemoryIsTold(String python) throws Exception {
        isError(calls.run("m", python), 507, "Out of resources");
    }

    @Test
    void anExitOfTheInterpreterIsAnExceptionLikeAnyOther() throws Exception {
        isError(calls.run("m", "raise KeyError('x')"), 503, "Prediction failed");
    }

    @ParameterizedTest
    @Row(37)
    @CsvSource(delimiter = '|', textBlock = """
            absent  | no_such_package
            raising | no weights in
            syntax  | SyntaxError
            two     | class
            """)
    void aHandlerThatDoesNotLoadIsRefusedWithItsReason(String name, String reason) throws Exception {
        HttpResponse<String> answer =
                calls.manage("POST", "/models?url=" + name + ".mar&initial_workers=1&synchronous=true");

        JsonNode error = Digits.parse(answer.body());
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(500);
        assertThat(error.path("message").asText())
                .contains("Failed to start workers for model " + name)
                .contains(reason)
                .doesNotContain("/secret/place", "/tmp");
        assertThat(calls.manage("GET", "/models/" + name).statusCode()).isEqualTo(404);
    }

    @ParameterizedTest
    @Row(37)
    @CsvSource({"memory", "leaving"})
    void aWorkerThatEndsWhileLoadingIsRefused(String name) throws Exception {
        HttpResponse<String> answer =
                calls.manage("POST", "/models?url=" + name + ".mar&initial_workers=1&synchronous=true");

        assertThat(answer.statusCode()).as(answer.body()).isIn(500, 507);
        assertThat(answer.body()).contains("Failed to start workers for model " + name);
        assertThat(calls.manage("GET", "/models/" + name).statusCode()).isEqualTo(404);
    }
}
