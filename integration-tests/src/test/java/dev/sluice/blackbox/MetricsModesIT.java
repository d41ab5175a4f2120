// SPDX-License-Identifier: Apache-2.0
package dev.sluice.blackbox;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.conformance.Row;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The three modes of the original's metrics. */
class MetricsModesIT {
    private final Client client = new Client();

    @TempDir
    Path folder;

    private Path store;

    @BeforeEach
    void makeStore() throws Exception {
        store = Files.createDirectory(folder.resolve("store"));
        Digits.pack(store, "digits", "digits.onnx");
    }

    private String pageAfterOneRequest(SluiceServer server, String query) throws Exception {
        byte[] image = Digits.all().get(0).image();
        assertThat(client.post(server.inference("/predictions/digits"), image).statusCode())
                .isEqualTo(200);
        assertThat(client.get(server.inference("/nowhere")).statusCode()).isEqualTo(404);
        return client.get(server.metrics("/metrics" + query)).body();
    }

    @Test
    @Row({48, 49})
    void showsTheOriginalsSeriesInPrometheusMode() throws Exception {
        try (SluiceServer server = start("prometheus")) {
            String page = pageAfterOneRequest(server, "");

            assertThat(page)
                    .containsPattern("Requests2XX\\{Level=\"Host\",Hostname=\".*\",\\} \\d+\\.\\d+")
                    .containsPattern("Requests4XX\\{Level=\"Host\",Hostname=\".*\",\\} 1\\.0")
                    .containsPattern(
                            "ts_inference_requests_total\\{model_name=\"digits\",model_version=\"default\",hostname=\"[^\"]+\",\\} 1\\.0")
                    .containsPattern("ts_queue_latency_microseconds\\{model_name=\"digits\"")
                    .containsPattern("PredictionTime\\{ModelName=\"digits\",Level=\"Model\",Hostname=\".*\",\\} \\d")
                    .containsPattern("WorkerLoadTime\\{WorkerName=\"W-1-digits_1\\.0\"")
                    .containsPattern("CPUUtilization\\{Level=\"Host\"")
                    .contains("sluice_requests_total{code=\"OK\",model=\"digits\",operation=\"infer\"")
                    .contains("sluice_requests_rejected_total{model=\"_unknown\",reason=\"unknown_path\"");
            assertThat(client.get(server.metrics("/metrics?name%5B%5D=ts_inference_requests_total"))
                            .body()
                            .lines()
                            .filter(line -> !line.startsWith("#")))
                    .hasSize(1)
                    .allMatch(line -> line.startsWith("ts_inference_requests_total{"));
        }
    }

    @Test
    void showsThreeOfTheOriginalsSeriesInLegacyMode() throws Exception {
        try (SluiceServer server = start("legacy")) {
            assertThat(pageAfterOneRequest(server, ""))
                    .contains("\nts_inference_requests_total{", "\nts_inference_latency_microseconds{")
                    .contains("\nts_queue_latency_microseconds{")
                    .doesNotContain("Requests2XX");
        }
    }

    @Test
    @Row(50)
    void showsOurSeriesAloneInLogModeAndWritesTheOthers() throws Exception {
        Path file = folder.resolve("log-files/ts_metrics.log");
        try (SluiceServer server = start("log")) {
            assertThat(pageAfterOneRequest(server, "")).contains("sluice_").doesNotContain("\nts_", "Requests2XX");
        }
        String line = "(?m)^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d,\\d{3} - ";
        assertThat(Files.readString(file))
                .containsPattern(line + "Requests2XX\\.Count:1\\.0\\|#Level:Host\\|#hostname:\\S+,timestamp:\\d+$")
                .containsPattern(
                        line
                                + "ts_inference_requests_total\\.Count:1\\.0\\|#model_name:digits,model_version:default\\|#hostname:\\S+,timestamp:\\d+$");
        assertThat(Files.readString(folder.resolve("log-files/model_metrics.log")))
                .containsPattern(
                        line
                                + "PredictionTime\\.ms:\\d+\\.\\d+\\|#ModelName:digits,Level:Model\\|#hostname:\\S+,requestID:\\S+,timestamp:\\d+$");
    }

    private SluiceServer start(String mode) {
        return SluiceServer.start(store, folder.resolve("log"), "--models", "all", "--set", "metrics_mode=" + mode);
    }
}
