// SPDX-License-Identifier: Apache-2.0
package dev.sluice.blackbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.conformance.Row;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What handlers in Python count and time. */
class PythonMetricsIT {
    private static final Duration SOON = Duration.ofSeconds(10);

    private final Client client = new Client();

    @TempDir
    private Path folder;

    private Path store;
    private Path definitions;

    @BeforeEach
    void pack() throws Exception {
        store = Files.createDirectory(folder.resolve("store"));
        PythonArchives.pack(store, "counted", "counted.py", "minWorkers: 1\nmaxWorkers: 1\n");
        definitions = Files.writeString(folder.resolve("metrics.yaml"), """
                dimensions:
                  - &model_name "ModelName"
                  - &level "Level"
                ts_metrics:
                  counter: []
                model_metrics:
                  counter:
                    - name: Declared
                      unit: count
                      dimensions: ["Shape", *model_name, *level]
                """);
    }

    private SluiceServer start(String... flags) {
        List<String> all = new ArrayList<>(List.of("--models", "all", "--set", "drain_delay=0"));
        all.addAll(List.of("--set", "metrics_config=" + definitions));
        all.addAll(List.of(flags));
        return SluiceServer.start(store, folder.resolve("log"), all.toArray(String[]::new));
    }

    private String page(SluiceServer server) throws Exception {
        return client.get(server.metrics("/metrics")).body();
    }

    private static void ask(SluiceServer server, int times) throws Exception {
        for (int i = 0; i < times; i++) {
            assertThat(new Calls(server).predict("counted", "x").statusCode()).isEqualTo(200);
        }
    }

    @Test
    @Row(51)
    void aDeclaredMetricIsASeriesAndAnotherIsNot() throws Exception {
        try (SluiceServer server = start("--set", "metrics_mode=prometheus")) {
            ask(server, 3);

            await().atMost(SOON)
                    .untilAsserted(
                            () -> assertThat(page(server))
                                    .containsPattern(
                                            "Declared\\{Shape=\"round\",ModelName=\"counted\",Level=\"Model\",Hostname=\"[^\"]+\",\\} 6\\.0"));
            assertThat(page(server)).doesNotContain("NotDeclared");
        }
    }

    @Test
    @Row(52)
    void withAutoDetectionEachMetricIsASeries() throws Exception {
        try (SluiceServer server =
                start("--set", "metrics_mode=prometheus", "--set", "model_metrics_auto_detect=true")) {
            ask(server, 2);

            await().atMost(SOON)
                    .untilAsserted(() -> assertThat(page(server))
                            .containsPattern("NotDeclared\\{[^}]*ModelName=\"counted\"[^}]*\\} 2\\.0")
                            .containsPattern("Used\\{[^}]*\\} 3\\.5")
                            .containsPattern("Share\\{[^}]*\\} 1\\.0E-7")
                            .containsPattern("CachedLatency_count\\{[^}]*\\} 2\\.0"));
        }
    }

    @Test
    @Row(51)
    void inLogModeALineSaysValueUnitAndRequest() throws Exception {
        Path file = folder.resolve("log-files/model_metrics.log");
        try (SluiceServer server = start("--set", "metrics_mode=log")) {
            ask(server, 1);

            await().atMost(SOON)
                    .untilAsserted(
                            () -> assertThat(Files.readString(file))
                                    .containsPattern(
                                            "Declared\\.\\w+:2\\.0\\|#Shape:round,ModelName:counted,Level:Model\\|#hostname:\\S+,requestID:[0-9a-f-]{36},timestamp:\\d+"));
        }
    }
}
