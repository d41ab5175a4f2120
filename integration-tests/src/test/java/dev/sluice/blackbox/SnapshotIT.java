// SPDX-License-Identifier: Apache-2.0
package dev.sluice.blackbox;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.sluice.conformance.Row;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SnapshotIT {
    private final Client client = new Client();

    @TempDir
    private Path folder;

    private Path store;
    private Path config;

    @BeforeEach
    void packModels() throws Exception {
        store = Files.createDirectory(folder.resolve("store"));
        config = folder.resolve("logs/config");
        Path model = Distribution.models().resolve("small/double.onnx");
        Path configuration = Files.writeString(folder.resolve("config.yaml"), "maxBatchDelay: 3\n");
        for (String name : List.of("a", "b")) {
            Archives.pack(store, name, "1.0", "base_handler", configuration, List.of(model), List.of());
        }
        Archives.pack(store, "a2", "2.0", "base_handler", configuration, List.of(model), List.of());
    }

    private SluiceServer start(String... flags) {
        List<String> all = new ArrayList<>(List.of("--set", "snapshots=true", "--set", "drain_delay=0"));
        all.addAll(List.of("--set", "log_location=" + folder.resolve("logs")));
        all.addAll(List.of(flags));
        return SluiceServer.start(store, folder.resolve("log"), all.toArray(String[]::new));
    }

    private void change(SluiceServer server, String method, String path) throws Exception {
        HttpResponse<String> answer = client.send(method, server.management(path), new byte[0]);
        assertThat(answer.statusCode()).as(answer.body()).isBetween(200, 202);
    }

    /** All versions of all models, the default one of each by its name, without what belongs to one process. */
    private String models(SluiceServer server) throws Exception {
        StringBuilder all = new StringBuilder();
        JsonNode names =
                Digits.parse(client.get(server.management("/models")).body()).get("models");
        for (JsonNode name : names) {
            String path = "/models/" + name.get("modelName").asText();
            JsonNode defaultOne =
                    Digits.parse(client.get(server.management(path)).body()).get(0);
            all.append("default ").append(defaultOne.get("modelVersion")).append('\n');
            for (JsonNode version :
                    Digits.parse(client.get(server.management(path + "/all")).body())) {
                int workers = version.get("workers").size();
                ((ObjectNode) version).remove(List.of("workers", "loadedAtStartup"));
                all.append(workers).append(" workers: ").append(version).append('\n');
            }
        }
        return all.toString();
    }

    private List<String> kinds() throws IOException {
        try (Stream<Path> files = Files.list(config)) {
            return files.map(file -> String.valueOf(file.getFileName()))
                    .filter(file -> file.endsWith(".cfg"))
                    .map(file -> file.replaceAll("^\\d{17}-|\\.cfg$", ""))
                    .sorted()
                    .toList();
        }
    }

    @Test
    @Row(84)
    void aRestartHasWhatCallersLeftAndWithoutSnapshotsWhatIsListed() throws Exception {
        String before;
        try (SluiceServer server = start("--models", "a.mar,b.mar", "--set", "snapshots_kept=3")) {
            change(
                    server,
                    "POST",
                    "/models?url=a2.mar&model_name=a&batch_size=4&max_batch_delay=7&response_timeout=33"
                            + "&startup_timeout=44&initial_workers=1&synchronous=true");
            change(server, "PUT", "/models/a/2.0?min_worker=2&max_worker=3&synchronous=true");
            change(server, "PUT", "/models/a/2.0/set-default");
            change(server, "DELETE", "/models/b");
            change(server, "POST", "/models?url=b.mar&model_name=renamed");
            for (int i = 0; i < 5; i++) {
                change(server, "PUT", "/models/a/1.0?min_worker=" + i % 2 + "&synchronous=true");
            }
            before = models(server);
            server.terminate();
            assertThat(server.awaitExit()).isZero();
        }
        assertThat(kinds()).containsExactly("shutdown", "snapshot", "snapshot", "snapshot", "startup");
        try (SluiceServer server = start("--models", "a.mar,b.mar")) {
            assertThat(models(server)).isEqualTo(before).contains("\"modelName\":\"renamed\"");
            HttpResponse<String> answer =
                    client.post(server.inference("/predictions/a"), "[1, 2]".getBytes(StandardCharsets.UTF_8));
            assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
            assertThat(Files.readString(folder.resolve("log")))
                    .contains("Restoring 3 models, as they were last registered, from", "--ncs starts without them");
        }
        List<String> kept = kinds();
        try (SluiceServer server = start("--models", "b.mar", "--ncs")) {
            assertThat(models(server)).contains("\"modelName\":\"b\"").doesNotContain("\"a\"", "renamed");
            change(server, "PUT", "/models/b?min_worker=1&synchronous=true");
        }
        assertThat(kinds()).isEqualTo(kept);
    }

    @Test
    void theOriginalsSnapshotIsReadAndAMissingModelIsToldWhileTheOthersServe() throws Exception {
        Files.createDirectories(config);
        Files.writeString(config.resolve("20230101120000000-snapshot.cfg"), """
                #Saving snapshot
                model_snapshot={"name"\\: "x", "modelCount"\\: 2, "created"\\: 1672574400000, "models"\\: {\\n\\
                  "a"\\: {"1.0"\\: {"defaultVersion"\\: true, "marName"\\: "a.mar", "minWorkers"\\: 1, "maxWorkers"\\: 1,\\
                  "batchSize"\\: 2, "maxBatchDelay"\\: 5}},\\
                  "lost"\\: {"1.0"\\: {"defaultVersion"\\: true, "marName"\\: "lost.mar", "minWorkers"\\: 1,\\
                  "maxWorkers"\\: 1, "batchSize"\\: 1, "maxBatchDelay"\\: 5}}}}
                """);
        Files.writeString(config.resolve("20230101120000001-snapshot.cfg"), "model_snapshot={\"models\"");
        Files.writeString(config.resolve("mine.cfg"), "");
        try (SluiceServer server = start()) {
            assertThat(models(server)).contains("\"batchSize\":2", "\"modelName\":\"lost\"");
            assertThat(Files.readString(folder.resolve("log")))
                    .contains("Model lost from lost.mar did not load: Model not found at: lost.mar")
                    .contains("20230101120000001-snapshot.cfg is not a snapshot that can be used")
                    .contains("mine.cfg in ");
            server.kill();
        }
        Files.copy(store.resolve("b.mar"), store.resolve("lost.mar"));
        try (SluiceServer server = start()) {
            assertThat(client.get(server.management("/models/lost")).body()).contains("READY");
        }
    }

    @Test
    @Row(85)
    void modelsDeclaredInTheConfigurationAreLoaded() throws Exception {
        Path properties = Files.writeString(
                folder.resolve("config.properties"),
                "model_snapshot={\"name\":\"startup.cfg\",\"modelCount\":1,\"models\":{\"a\":{\"1.0\":{\"defaultVersion\":true,"
                        + "\"marName\":\"a.mar\",\"minWorkers\":1,\"maxWorkers\":5,\"batchSize\":1,\"maxBatchDelay\":10,"
                        + "\"responseTimeout\":120}}}}\n");
        try (SluiceServer server = start("-f", properties.toString())) {
            assertThat(models(server)).contains("\"minWorkers\":1,\"maxWorkers\":5");
            change(server, "POST", "/models?url=b.mar");
            server.kill();
        }
        try (SluiceServer server = start("-f", properties.toString())) {
            assertThat(models(server)).contains("\"modelName\":\"a\"", "\"modelName\":\"b\"");
        }
    }
}
