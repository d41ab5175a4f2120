// SPDX-License-Identifier: Apache-2.0
package dev.sluice.blackbox;

import static dev.sluice.blackbox.Calls.get;
import static dev.sluice.blackbox.Calls.ok;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.sluice.conformance.Row;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** Requests that belong together, with what a Python handler remembers of each sequence in its worker. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class PythonSequencesIT {
    private static final String ID = "ts_request_sequence_id";

    private SluiceServer server;
    private Calls calls;

    @BeforeAll
    void startServer(@TempDir Path folder) throws Exception {
        Path store = Files.createDirectory(folder.resolve("store"));
        pack(store, "wide", 2, 8, 60_000);
        pack(store, "tight", 1, 1, 60_000);
        pack(store, "forgetful", 1, 1, 700);
        pack(store, "mortal", 2, 4, 60_000);
        server = SluiceServer.start(
                store,
                folder.resolve("log"),
                "--models",
                "wide.mar,tight.mar,forgetful.mar,mortal.mar",
                "--set",
                "drain_delay=0");
        calls = new Calls(server);
    }

    private static void pack(Path store, String name, int workers, int sequences, int idleMillis) throws Exception {
        PythonArchives.pack(store, name, "sequence.py", """
                minWorkers: %d
                maxWorkers: %d
                batchSize: 4
                maxBatchDelay: 1
                maxRetryTimeoutInSec: 60
                sequenceBatching: true
                sequenceMaxIdleMSec: %d
                maxNumSequence: %d
                maxSequenceJobQueueSize: 16
                """.formatted(workers, workers, idleMillis, sequences));
    }

    @AfterAll
    void stopServer() {
        server.close();
    }

    private HttpResponse<String> add(String model, String sequence, String body) throws Exception {
        return calls.predict(model, body, ID, sequence);
    }

    @Test
    @Row(81)
    void answersEachSequenceInOrderAndOnOneWorker() throws Exception {
        Map<String, List<CompletableFuture<HttpResponse<String>>>> begun = new TreeMap<>();
        for (String id : List.of("a", "b", "c", "d")) {
            assertThat(ok(add("wide", id, "{\"number\": 0}")).path("sum").asInt())
                    .isZero();
            for (int number = 1; number <= 5; number++) {
                // Without a pause the client's own threads may send the next one first.
                CompletableFuture<HttpResponse<String>> last =
                        calls.begin("wide", "{\"number\": " + number + ", \"sleep\": 0.02}", ID, id);
                begun.computeIfAbsent(id, unused -> new ArrayList<>()).add(last);
                await().pollDelay(Duration.ofMillis(30)).until(() -> true);
            }
        }
        Set<Long> workers = new TreeSet<>();
        for (Map.Entry<String, List<CompletableFuture<HttpResponse<String>>>> sequence : begun.entrySet()) {
            Set<Long> ofOne = new TreeSet<>();
            for (int number = 1; number <= 5; number++) {
                HttpResponse<String> answer = get(sequence.getValue().get(number - 1));
                JsonNode told = ok(answer);
                assertThat(told.path("numbers"))
                        .as("sequence %s", sequence.getKey())
                        .hasSize(number + 1);
                assertThat(told.path("numbers").get(number).asInt()).isEqualTo(number);
                assertThat(told.path("together").asBoolean()).isTrue();
                assertThat(answer.headers().firstValue(ID)).contains(sequence.getKey());
                ofOne.add(told.path("pid").asLong());
            }
            assertThat(ofOne).hasSize(1);
            workers.addAll(ofOne);
        }
        assertThat(workers).as("four sequences over two workers").hasSize(2);
        assertThat(calls.describe("wide").path("stateful").asBoolean()).isTrue();
    }

    @Test
    @Row(81)
    void makesAnIdUpForARequestWithoutOne() throws Exception {
        JsonNode first = ok(calls.predict("wide", "{\"number\": 1, \"end\": true}"));
        JsonNode second = ok(calls.predict("wide", "{\"number\": 1, \"end\": true}"));

        assertThat(first.path("id").asText()).startsWith("ts-seq-");
        assertThat(first.path("started").asText().toLowerCase(Locale.ROOT)).isEqualTo("true");
        assertThat(second.path("id").asText()).isNotEqualTo(first.path("id").asText());
        assertThat(second.path("sum").asInt()).isEqualTo(1);
    }

    @Test
    @Row(81)
    void refusesOneSequenceMoreThanThereMayBe() throws Exception {
        assertThat(ok(add("tight", "first", "{\"number\": 1}")).path("sum").asInt())
                .isEqualTo(1);
        HttpResponse<String> refused = add("tight", "second", "{\"number\": 1}");

        assertThat(refused.statusCode()).as(refused.body()).isEqualTo(503);
        assertThat(ok(add("tight", "first", "{\"number\": 2}")).path("sum").asInt())
                .isEqualTo(3);
    }

    @Test
    @Row(81)
    void forgetsASequenceOfWhichNothingIsHeard() throws Exception {
        assertThat(ok(add("forgetful", "first", "{\"number\": 1}")).path("sum").asInt())
                .isEqualTo(1);
        await().atMost(Duration.ofSeconds(10))
                .pollInterval(Duration.ofMillis(100))
                .until(() -> add("forgetful", "second", "{\"number\": 1}").statusCode() == 200);
    }

    @Test
    void tellsAClientWhoseSequenceWasLostWithItsWorkerAndServesTheOthers() throws Exception {
        JsonNode lost = ok(add("mortal", "lost", "{\"number\": 1}"));
        JsonNode kept = ok(add("mortal", "kept", "{\"number\": 1}"));
        long worker = lost.path("pid").asLong();
        assertThat(kept.path("pid").asLong()).isNotEqualTo(worker);
        assertThat(ProcessHandle.of(worker).orElseThrow().destroyForcibly()).isTrue();
        await().atMost(Duration.ofSeconds(5))
                .until(() -> !calls.workers("mortal").contains(worker));

        HttpResponse<String> told = add("mortal", "lost", "{\"number\": 2}");
        assertThat(told.statusCode()).as(told.body()).isEqualTo(503);
        assertThat(ok(add("mortal", "kept", "{\"number\": 2}")).path("sum").asInt())
                .isEqualTo(3);

        calls.awaitWorkers("mortal", 2, List.of(worker));
        HttpResponse<String> anew =
                calls.predict("mortal", "{\"number\": 5}", ID, "lost", "ts_request_sequence_start", "true");
        assertThat(ok(anew).path("sum").asInt()).isEqualTo(5);
    }
}
