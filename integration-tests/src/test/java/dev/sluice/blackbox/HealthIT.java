// SPDX-License-Identifier: Apache-2.0
package dev.sluice.blackbox;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.conformance.Row;
import java.net.URI;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A server that cannot load one of the models it is to start with. */
class HealthIT {
    private final Client client = new Client();

    @TempDir
    Path folder;

    private Path store;

    @BeforeEach
    void makeStore() throws Exception {
        store = Files.createDirectory(folder.resolve("store"));
        Digits.pack(store, "digits", "digits.onnx");
        Files.writeString(store.resolve("broken.mar"), "not an archive");
    }

    @Test
    @Row(83)
    void isNotReadyWithoutAModelItNeeds() throws Exception {
        try (SluiceServer server = SluiceServer.start(store, folder.resolve("log"), "--models", "all")) {
            for (URI base : List.of(server.inference("/"), server.management("/"), server.metrics("/"))) {
                HttpResponse<String> ready = client.get(base.resolve("/health/ready"));
                assertThat(ready.statusCode()).isEqualTo(503);
                assertThat(ready.body())
                        .isEqualTo("{\"status\":\"not ready\",\"phase\":\"serving\",\"missing\":[\"broken\"]}\n");
                assertThat(client.get(base.resolve("/health/live")).statusCode())
                        .isEqualTo(200);
                assertThat(client.get(base.resolve("/health/startup")).statusCode())
                        .isEqualTo(200);
            }
            assertThat(client.get(server.inference("/ping")).statusCode()).isEqualTo(500);
            assertThat(client.get(server.metrics("/metrics")).body()).contains("sluice_ready 0.0\n");

            // What does load is served all the same.
            byte[] image = Digits.all().get(0).image();
            assertThat(client.post(server.inference("/predictions/digits"), image)
                            .statusCode())
                    .isEqualTo(200);
        }
    }

    @Test
    void isReadyWithoutAModelItDoesNotNeed() throws Exception {
        try (SluiceServer server = SluiceServer.start(
                store, folder.resolve("log"), "--models", "all", "--set", "required_models=digits")) {
            assertThat(client.get(server.inference("/health/ready")).statusCode())
                    .isEqualTo(200);
            assertThat(client.get(server.inference("/ping")).body()).contains("\"Healthy\"");
        }
    }

    @Test
    void endsAtOnceWhenToldNotToStartWithoutAModel() throws Exception {
        Path errors = folder.resolve("errors");
        Process process = new ProcessBuilder(
                        Distribution.root().resolve("bin/sluice").toString(),
                        "serve",
                        "--model-store",
                        store.toString(),
                        "--models",
                        "all",
                        "--disable-token-auth",
                        "--set",
                        "fail_fast=true",
                        "--set",
                        "log_files=false",
                        "--set",
                        "inference_address=http://127.0.0.1:0",
                        "--set",
                        "management_address=http://127.0.0.1:0",
                        "--set",
                        "metrics_address=http://127.0.0.1:0",
                        "--set",
                        "drain_delay=0")
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .redirectError(errors.toFile())
                .start();
        try {
            assertThat(process.waitFor(120, TimeUnit.SECONDS)).isTrue();
            assertThat(process.exitValue()).isEqualTo(1);
            assertThat(Files.readString(errors))
                    .contains("error: fail_fast: 1 of 2 models did not load: broken. The log says why.");
        } finally {
            process.destroyForcibly();
        }
    }
}
