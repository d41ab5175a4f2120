// SPDX-License-Identifier: Apache-2.0
package dev.sluice.blackbox;

import static dev.sluice.blackbox.Calls.get;
import static dev.sluice.blackbox.Calls.isError;
import static dev.sluice.blackbox.Calls.ok;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.conformance.Row;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** Requests that a Python handler gets together, those that wait for it, and those that do not. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class PythonBatchesIT {
    private static final String SLOW = "time.sleep(1.0)\nreturn 'slow'";

    private SluiceServer server;
    private Calls calls;
    private Path begun;

    @BeforeAll
    void startServer(@TempDir Path folder) throws Exception {
        Path store = Files.createDirectory(folder.resolve("store"));
        String one = "minWorkers: 1\nmaxWorkers: 1\n";
        PythonArchives.pack(store, "four", "probe.py", one + "batchSize: 4\nmaxBatchDelay: 1000\n");
        PythonArchives.pack(store, "narrow", "probe.py", one + "jobQueueSize: 1\n");
        PythonArchives.pack(store, "tickets", "probe.py", "minWorkers: 2\nmaxWorkers: 2\nuseJobTicket: true\n");
        PythonArchives.pack(store, "hurried", "probe.py", one + "clientTimeoutInMills: 400\n");
        PythonArchives.pack(store, "idle", "probe.py", "");
        begun = folder.resolve("begun");
        server = SluiceServer.start(
                store,
                folder.resolve("log"),
                "--models",
                "four.mar,narrow.mar,tickets.mar,hurried.mar",
                "--set",
                "drain_delay=0");
        calls = new Calls(server);
        assertThat(calls.manage("POST", "/models?url=idle.mar").statusCode()).isEqualTo(200);
    }

    @AfterAll
    void stopServer() {
        server.close();
    }

    private List<HttpResponse<String>> together(String model, String... bodies) throws Exception {
        List<CompletableFuture<HttpResponse<String>>> begun = new ArrayList<>();
        for (String body : bodies) {
            begun.add(calls.beginRun(model, body));
        }
        List<HttpResponse<String>> answers = new ArrayList<>();
        for (CompletableFuture<HttpResponse<String>> each : begun) {
            answers.add(get(each));
        }
        return answers;
    }

    @Test
    @Row(78)
    void fourCallsAreOneBatchAndALoneOneWaitsNoLongerThanTheDelay() throws Exception {
        String size = "return {'batch': len(data), 'index': index}";
        List<Integer> places = new ArrayList<>();
        for (HttpResponse<String> answer : together("four", size, size, size, size)) {
            assertThat(ok(answer).path("batch").asInt()).isEqualTo(4);
            places.add(ok(answer).path("index").asInt());
        }
        assertThat(places).containsExactlyInAnyOrder(0, 1, 2, 3);
        long begun = System.nanoTime();
        assertThat(ok(calls.run("four", size)).path("batch").asInt()).isEqualTo(1);
        assertThat(Duration.ofNanos(System.nanoTime() - begun))
                .isBetween(Duration.ofMillis(950), Duration.ofSeconds(10));
    }

    @Test
    void anItemThatFailsFailsAlone() throws Exception {
        List<HttpResponse<String>> answers = together(
                "four",
                "return 'a%d' % len(data)",
                "return PredictionException('not this one', 422)",
                "return 'c%d' % len(data)",
                "context.set_response_status(299, 'mine', index)\nreturn 'd%d' % len(data)");

        assertThat(answers.get(0).body()).isEqualTo("a4");
        isError(answers.get(1), 422, "not this one");
        assertThat(answers.get(2).body()).isEqualTo("c4");
        assertThat(answers.get(3).body()).isEqualTo("d4");
        assertThat(answers.get(3).statusCode()).isEqualTo(299);
    }

    @Test
    @Row({15, 16, 17})
    void aBatchThatFailsFailsWholeAndTheNextDoesNot() throws Exception {
        for (HttpResponse<String> answer :
                together("four", "return 'a'", "raise PredictionException('all', 419)", "return 'c'", "return 'd'")) {
            isError(answer, 419, "all");
        }
        for (HttpResponse<String> answer :
                together("four", "return 'a'", "raise Whole(['one'])", "return 'c'", "return 'd'")) {
            isError(answer, 503, "number of batch response mismatched");
        }
        assertThat(together("four", "return 'a'", "return 'b'", "return 'c'", "return 'd'"))
                .extracting(HttpResponse::body)
                .containsExactly("a", "b", "c", "d");
    }

    @Test
    @Row(20)
    void aModelWithoutWorkersRefuses() throws Exception {
        HttpResponse<String> answer = calls.predict("idle", "x");

        assertThat(answer.statusCode()).isEqualTo(503);
        assertThat(Digits.parse(answer.body()).path("type").asText()).isEqualTo("ServiceUnavailableException");
    }

    @Test
    @Row(21)
    void whatDoesNotFitInTheQueueIsRefused() throws Exception {
        CompletableFuture<HttpResponse<String>> running = calls.beginRun("narrow", SLOW);
        await().atMost(Duration.ofSeconds(5)).until(() -> pending("narrow") == 0 && !running.isDone());
        CompletableFuture<HttpResponse<String>> waiting = calls.beginRun("narrow", SLOW);
        await().atMost(Duration.ofSeconds(5)).until(() -> pending("narrow") == 1 || waiting.isDone());
        HttpResponse<String> refused = calls.run("narrow", SLOW);

        assertThat(refused.statusCode()).as(refused.body()).isEqualTo(503);
        assertThat(get(running).body()).isEqualTo("slow");
        assertThat(get(waiting).body()).isEqualTo("slow");
    }

    private int pending(String model) throws Exception {
        return calls.describe(model).at("/jobQueueStatus/pendingRequests").asInt();
    }

    @Test
    @Row(79)
    void withTicketsACallIsRefusedAtOnceWhileAllWorkersWork() throws Exception {
        List<CompletableFuture<HttpResponse<String>>> begun = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
            begun.add(calls.beginRun("tickets", "time.sleep(2.0)\nreturn 'slow'"));
        }
        List<Integer> statuses = new ArrayList<>();
        for (CompletableFuture<HttpResponse<String>> each : begun) {
            statuses.add(get(each).statusCode());
        }
        assertThat(statuses).containsExactlyInAnyOrder(200, 200, 503, 503, 503, 503);
        assertThat(together("tickets", "return 'x'", "return 'x'"))
                .extracting(HttpResponse::statusCode)
                .containsExactly(200, 200);
        assertThat(calls.describe("tickets").path("useJobTicket").asBoolean()).isTrue();
    }

    @Test
    @Row(80)
    void workThatIsTooLateForItsClientIsNotDone() throws Exception {
        CompletableFuture<HttpResponse<String>> slow = calls.beginRun("hurried", """
                sys.ran = ["a"]
                open("%s", "w").close()
                time.sleep(1.0)
                """.formatted(begun));
        await().atMost(Duration.ofSeconds(5)).until(() -> Files.exists(begun));
        HttpResponse<String> late = calls.run("hurried", "sys.ran.append('b')");

        assertThat(late.statusCode()).as(late.body()).isEqualTo(408);
        assertThat(get(slow).statusCode()).as("what had begun in time").isEqualTo(200);
        await().atMost(Duration.ofSeconds(10))
                .ignoreExceptions()
                .untilAsserted(() -> assertThat(
                                calls.run("hurried", "return ','.join(sys.ran)").body())
                        .isEqualTo("a"));
    }
}
