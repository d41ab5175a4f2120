// SPDX-License-Identifier: Apache-2.0
package dev.sluice.blackbox;

import static dev.sluice.blackbox.Calls.get;
import static dev.sluice.blackbox.Calls.ok;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.sluice.conformance.Row;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
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

/** Each form of an archive and of a handler's name, and what its YAML says; over TCP, which other tests do not use. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class PythonArchivesIT {
    private Path store;
    private SluiceServer server;
    private Calls calls;

    @BeforeAll
    void startServer(@TempDir Path folder) throws Exception {
        store = Files.createDirectory(folder.resolve("store"));
        server = SluiceServer.start(
                store,
                folder.resolve("log"),
                "--models",
                "none",
                "--set",
                "drain_delay=0",
                "--set",
                "use_native_io=false",
                "--set",
                "initial_worker_port=" + freePort(),
                "--set",
                "default_service_handler=serve.py:ask");
        calls = new Calls(server);
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0)) {
            return socket.getLocalPort();
        }
    }

    @AfterAll
    void stopServer() {
        server.close();
    }

    private static PythonArchives prices(String name) throws Exception {
        return PythonArchives.named(name)
                .handler("class_handler.py")
                .file("prices.json", "{\"apple\": 3}".getBytes(StandardCharsets.UTF_8))
                .configuration("minWorkers: 1\nmaxWorkers: 1\nhandler:\n  currency: EUR\n");
    }

    private void served(String archive, String model) throws Exception {
        calls.register(archive);
        JsonNode answer = ok(calls.predict(model, "apple"));
        assertThat(answer.path("price").asInt()).isEqualTo(3);
        assertThat(answer.path("currency").asText()).isEqualTo("EUR");
        assertThat(answer.path("version").asText()).isEqualTo("1.0");
        assertThat(answer.path("batch_size").asInt()).isEqualTo(1);
    }

    @Test
    @Row(69)
    void anArchiveOfEachForm() throws Exception {
        prices("zipped").mar(store);
        served("zipped.mar", "zipped");
        prices("tarred").tgz(store);
        served("tarred.tar.gz", "tarred");
        prices("folder").directory(store);
        served("folder", "folder");
    }

    @Test
    @Row(69)
    void aFolderIsUsedInPlaceSoThatEditsShowInTheNextWorker() throws Exception {
        Path live = prices("live").directory(store);
        served("live", "live");
        Files.writeString(live.resolve("prices.json"), "{\"apple\": 4}");
        List<Long> before = calls.workers("live");
        Processes.kill(before.get(0));
        calls.awaitWorkers("live", 1, before);

        assertThat(ok(calls.predict("live", "apple")).path("price").asInt()).isEqualTo(4);
    }

    @Test
    @Row(69)
    void anArchiveWithoutAManifestWithTheServersDefaultHandler() throws Exception {
        PythonArchives.named("bare").source("serve.py", """
                def ask(data, context):
                    return data and ["%s %s" % (context.model_name, context.manifest)] * len(data)
                """).withoutManifest().mar(store);
        calls.register("bare.mar");

        assertThat(calls.predict("bare", "x").body()).startsWith("bare ");
    }

    @Test
    void aHandlerByEachOfItsNames() throws Exception {
        String source = """
                def handle(data, context):
                    return data and ["handle"] * len(data)

                def other(data, context):
                    return data and ["other"] * len(data)
                """;
        PythonArchives.named("file").source("h.py", source).mar(store);
        PythonArchives.named("module")
                .source("h.py", source)
                .set("handler", "h")
                .mar(store);
        PythonArchives.named("function")
                .source("h.py", source)
                .set("handler", "h.py:other")
                .mar(store);
        PythonArchives.named("nested")
                .source("code/h.py", source)
                .set("handler", "code/h.py:other")
                .mar(store);
        for (String name : List.of("file", "module", "function", "nested")) {
            calls.register(name + ".mar");
        }
        assertThat(calls.predict("file", "x").body()).isEqualTo("handle");
        assertThat(calls.predict("module", "x").body()).isEqualTo("handle");
        assertThat(calls.predict("function", "x").body()).isEqualTo("other");
        assertThat(calls.predict("nested", "x").body()).isEqualTo("other");
    }

    @Test
    @Row(70)
    void whatTheYamlSaysIsEffectiveAndDescribed() throws Exception {
        PythonArchives.pack(store, "said", "probe.py", """
                minWorkers: 2
                maxWorkers: 3
                batchSize: 2
                maxBatchDelay: 50
                responseTimeout: 33
                startupTimeout: 44
                maxRetryTimeoutInSec: 55
                clientTimeoutInMills: 6000
                jobQueueSize: 7
                useJobTicket: true
                deviceType: cpu
                handler:
                  nested: [1, two, {three: 3.5}]
                """);
        calls.register("said.mar");
        JsonNode described = calls.describe("said");

        assertThat(described.path("batchSize").asInt()).isEqualTo(2);
        assertThat(described.path("maxBatchDelay").asInt()).isEqualTo(50);
        assertThat(described.path("responseTimeout").asInt()).isEqualTo(33);
        assertThat(described.path("startupTimeout").asInt()).isEqualTo(44);
        assertThat(described.path("maxRetryTimeoutInSec").asInt()).isEqualTo(55);
        assertThat(described.path("clientTimeoutInMills").asInt()).isEqualTo(6000);
        assertThat(described.path("useJobTicket").asBoolean()).isTrue();
        assertThat(described.path("deviceType").asText()).isEqualTo("cpu");
        assertThat(described.at("/jobQueueStatus/remainingCapacity").asInt()).isEqualTo(7);
        JsonNode seen = ok(calls.run("said", """
                return {"yaml": context.model_yaml_config, "properties": {
                    name: context.system_properties[name] for name in ("batch_size", "gpu_id", "server_name")}}
                """));
        assertThat(seen.at("/yaml/handler/nested/2/three").asDouble()).isEqualTo(3.5);
        assertThat(seen.at("/yaml/maxWorkers").asInt()).isEqualTo(3);
        assertThat(seen.at("/properties/batch_size").asInt()).isEqualTo(2);
        assertThat(seen.at("/properties/server_name").asText()).isEqualTo("MMS");
    }

    @Test
    void largeBodiesGoBothWaysOverTcpWhileOthersAreAnswered() throws Exception {
        PythonArchives.pack(store, "large", "probe.py", "minWorkers: 2\nmaxWorkers: 2\n");
        calls.register("large.mar");
        calls.awaitWorkers("large", 2, List.of());
        String megabytes = "0123456789abcdef".repeat(300_000);
        List<CompletableFuture<HttpResponse<String>>> begun = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            begun.add(calls.beginRun("large", "return '%s'".formatted(megabytes)));
        }
        for (CompletableFuture<HttpResponse<String>> each : begun) {
            assertThat(get(each).body()).hasSize(megabytes.length()).endsWith("cdef");
        }
    }

    @Test
    void anAnswerThatIsTooLargeIsToldAndItsWorkerReplaced() throws Exception {
        PythonArchives.pack(store, "huge", "probe.py", "minWorkers: 1\nmaxWorkers: 1\n");
        calls.register("huge.mar");
        List<Long> before = calls.workers("huge");

        Calls.isError(calls.run("huge", "return bytes(7000000)"), 500, "Worker died.");
        await().atMost(Duration.ofSeconds(10))
                .until(() -> !calls.workers("huge").equals(before));
        assertThat(calls.run("huge", "return 'fine'").body()).isEqualTo("fine");
    }
}
