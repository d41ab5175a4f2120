// SPDX-License-Identifier: Apache-2.0
package dev.sluice.blackbox;

import static dev.sluice.blackbox.Calls.ok;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.sluice.conformance.Row;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a worker has of its model's own packages, and of the server's variables and files. */
class PythonEnvironmentIT {
    @TempDir
    private Path folder;

    private Path store;

    @BeforeEach
    void makeStore() throws IOException {
        store = Files.createDirectory(folder.resolve("store"));
    }

    /** A package that no registry has, so nothing is fetched. */
    private Path wheels(String word) throws IOException {
        Path wheels = Files.createDirectories(folder.resolve("wheels"));
        Files.write(wheels.resolve("sluice_test_wheel-1.0-py3-none-any.whl"), wheel(word));
        return wheels;
    }

    private static byte[] wheel(String word) throws IOException {
        String info = "sluice_test_wheel-1.0.dist-info/";
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
            Probe.put(zip, "sluice_test_wheel.py", ("def said():\n    return '" + word + "'\n").getBytes(UTF_8));
            Probe.put(zip, info + "METADATA", """
                    Metadata-Version: 2.1
                    Name: sluice-test-wheel
                    Version: 1.0
                    """.getBytes(UTF_8));
            Probe.put(zip, info + "WHEEL", """
                    Wheel-Version: 1.0
                    Generator: test
                    Root-Is-Purelib: true
                    Tag: py3-none-any
                    """.getBytes(UTF_8));
            Probe.put(
                    zip,
                    info + "RECORD",
                    ("sluice_test_wheel.py,,\n" + info + "METADATA,,\n" + info + "WHEEL,,\n" + info + "RECORD,,\n")
                            .getBytes(UTF_8));
        }
        return bytes.toByteArray();
    }

    private SluiceServer start(String models, String... flags) {
        List<String> all = new ArrayList<>(List.of(
                "--models", models, "--set", "drain_delay=0", "--set", "python_cache_dir=" + folder.resolve("cache")));
        all.addAll(List.of(flags));
        return SluiceServer.start(store, folder.resolve("log"), all.toArray(String[]::new));
    }

    private String offline() throws IOException {
        return "pip_options=--no-index --find-links " + wheels("hello");
    }

    @Test
    @Row(71)
    void requirementsAreInstalledForTheirModelAloneAndOnce() throws Exception {
        PythonArchives.named("user")
                .handler("wheel_user.py")
                .requirements("sluice_test_wheel==1.0\n")
                .configuration("minWorkers: 2\nmaxWorkers: 2\n")
                .mar(store);
        PythonArchives.pack(store, "other", "probe.py", "minWorkers: 1\nmaxWorkers: 1\n");
        String[] flags = {"--set", "install_py_dep_per_model=true", "--set", offline()};
        try (SluiceServer server = start("user.mar,other.mar", flags)) {
            Calls calls = new Calls(server);
            assertThat(ok(calls.predict("user", "x")).path("said").asText()).isEqualTo("hello");
            assertThat(calls.run("other", """
                    try:
                        import sluice_test_wheel
                    except ImportError:
                        return "not mine"
                    """).body()).isEqualTo("not mine");
        }
        // What is there already needs no wheel any more.
        Files.delete(folder.resolve("wheels/sluice_test_wheel-1.0-py3-none-any.whl"));
        String[] empty = {"--set", "install_py_dep_per_model=true", "--set", flags[3]};
        try (SluiceServer server = start("user.mar", empty)) {
            assertThat(ok(new Calls(server).predict("user", "x")).path("said").asText())
                    .isEqualTo("hello");
        }
    }

    @Test
    @Row(71)
    void aVirtualEnvironmentHoldsTheModelsOwnPackages() throws Exception {
        PythonArchives.named("user")
                .handler("wheel_user.py")
                .requirements("sluice_test_wheel==1.0\n")
                .configuration("minWorkers: 1\nmaxWorkers: 1\nuseVenv: true\n")
                .mar(store);
        try (SluiceServer server = start("user.mar", "--set", "install_py_dep_per_model=true", "--set", offline())) {
            Calls calls = new Calls(server);
            JsonNode answer = ok(calls.predict("user", "x"));

            assertThat(answer.path("said").asText()).isEqualTo("hello");
            assertThat(answer.path("prefix").asText())
                    .isNotEqualTo(answer.path("base").asText());
            assertThat(calls.describe("user").path("useVenv").asBoolean()).isTrue();
        }
    }

    @Test
    @Row(71)
    void nothingIsInstalledUnlessTheServerIsToldTo() throws Exception {
        PythonArchives.named("user")
                .handler("wheel_user.py")
                .requirements("sluice_test_wheel==1.0\n")
                .configuration("maxRetryTimeoutInSec: 0\n")
                .mar(store);
        Files.createDirectories(folder.resolve("wheels"));
        try (SluiceServer server = start("none", "--set", offline())) {
            HttpResponse<String> refused =
                    new Calls(server).manage("POST", "/models?url=user.mar&initial_workers=1&synchronous=true");

            assertThat(refused.statusCode()).as(refused.body()).isEqualTo(500);
            assertThat(refused.body()).contains("sluice_test_wheel");
        }
    }

    @Test
    @Row(71)
    void requirementsThatCannotBeHadAreToldAndTheOthersServe() throws Exception {
        PythonArchives.named("user")
                .handler("wheel_user.py")
                .requirements("sluice_test_wheel==2.0\n")
                .configuration("maxRetryTimeoutInSec: 0\n")
                .mar(store);
        PythonArchives.pack(store, "other", "probe.py", "minWorkers: 1\nmaxWorkers: 1\n");
        try (SluiceServer server = start("other.mar", "--set", "install_py_dep_per_model=true", "--set", offline())) {
            Calls calls = new Calls(server);
            HttpResponse<String> refused =
                    calls.manage("POST", "/models?url=user.mar&initial_workers=1&synchronous=true");

            // Not 400 as of an archive that is wrong: a registry that is away is no fault of the model's.
            assertThat(refused.statusCode()).as(refused.body()).isEqualTo(500);
            assertThat(refused.body()).contains("sluice_test_wheel==2.0").doesNotContain(folder.toString());
            assertThat(calls.run("other", "return 'fine'").body()).isEqualTo("fine");
        }
    }

    @Test
    void aWorkerHasOnlyTheVariablesItMayHaveAndNeverTheTokens() throws Exception {
        PythonArchives.pack(store, "m", "probe.py", """
                minWorkers: 1
                maxWorkers: 1
                sluice:
                  worker:
                    environment:
                      OF_THE_MODEL: "here"
                """);
        Map<String, String> variables = Map.of(
                "AWS_SECRET_ACCESS_KEY", "no",
                "MY_PASSWORD", "no",
                "SOMETHING_ELSE", "no",
                "MINE_ONE", "yes",
                "HF_HOME", "/models",
                "HF_HIDDEN", "no",
                "OMP_NUM_THREADS", "3");
        try (SluiceServer server = SluiceServer.startPlain(
                folder,
                variables,
                folder.resolve("log"),
                "--model-store",
                store.toString(),
                "--models",
                "m.mar",
                "--set",
                "worker_env=MINE_*",
                "--set",
                "blacklist_env_vars=HF_HID.*")) {
            String token = bearer(folder.resolve("key_file.json"));
            JsonNode seen = Digits.parse(run(server, token, "return dict(os.environ)"));

            assertThat(seen.path("MINE_ONE").asText()).isEqualTo("yes");
            assertThat(seen.path("HF_HOME").asText()).isEqualTo("/models");
            assertThat(seen.path("OF_THE_MODEL").asText()).isEqualTo("here");
            assertThat(seen.path("OMP_NUM_THREADS").asText()).isEqualTo("3");
            assertThat(seen.path("PATH").asText()).isNotEmpty();
            assertThat(seen.path("TS_DECODE_INPUT_REQUEST").asText()).isEqualTo("true");
            assertThat(seen.has("AWS_SECRET_ACCESS_KEY")).isFalse();
            assertThat(seen.has("MY_PASSWORD")).isFalse();
            assertThat(seen.has("SOMETHING_ELSE")).isFalse();
            assertThat(seen.has("HF_HIDDEN")).isFalse();
            assertThat(seen.has("SLUICE_SNAPSHOTS")).isFalse();

            for (String file : new String[] {
                "",
                "/proc/self/root",
                "/proc/%d/root".formatted(server.process().pid())
            }) {
                assertThat(run(server, token, """
                        try:
                            with open("%s") as file:
                                return file.read() or "empty"
                        except OSError as failure:
                            return type(failure).__name__
                        """.formatted(file + folder.resolve("key_file.json"))))
                        .as("what a handler reads of the tokens through %s", file)
                        .doesNotContain("key", "expiration");
            }
        }
    }

    private static String bearer(Path file) throws IOException {
        JsonNode keys = Digits.parse(Files.readString(file));
        return "Bearer " + keys.at("/inference/key").asText();
    }

    private static String run(SluiceServer server, String token, String python) throws Exception {
        URI uri = server.inference("/predictions/m");
        HttpRequest request = HttpRequest.newBuilder(uri)
                .header("Authorization", token)
                .header("python", "yes")
                .POST(HttpRequest.BodyPublishers.ofString(python))
                .build();
        HttpResponse<String> answer = HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString());
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
        return answer.body();
    }
}
