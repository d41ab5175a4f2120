// SPDX-License-Identifier: Apache-2.0
package dev.sluice.blackbox;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.sluice.conformance.Row;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a server writes, and where. */
class LogFilesIT {
    private static final String TIME = "\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d,\\d{3}";

    private final Client client = new Client();

    @TempDir
    Path folder;

    private void serveOneRequest(String... flags) throws Exception {
        Path store = Files.createDirectory(folder.resolve("store"));
        Digits.pack(store, "digits", "digits.onnx");
        try (SluiceServer server = SluiceServer.start(store, folder.resolve("log"), flags)) {
            assertThat(client.get(server.inference("/ping?a=1")).statusCode()).isEqualTo(200);
        }
    }

    private List<String> lines(String file) throws IOException {
        return Files.readAllLines(folder.resolve("log-files").resolve(file));
    }

    @Test
    @Row(87)
    void writesFiveFilesInTheOriginalsPatterns() throws Exception {
        serveOneRequest("--models", "all", "--set", "log_level=debug");

        assertThat(folder.resolve("log-files"))
                .isDirectoryContaining("glob:**/model_log.log")
                .isDirectoryContaining("glob:**/ts_metrics.log")
                .isDirectoryContaining("glob:**/model_metrics.log");
        assertThat(lines("access_log.log"))
                .anyMatch(line ->
                        line.matches(TIME + " - /127\\.0\\.0\\.1:\\d+ \"GET /ping\\?a=1 HTTP/1\\.1\" 200 \\d+"));
        assertThat(lines("ts_log.log"))
                .anyMatch(line -> line.matches(TIME + " \\[INFO ] \\S+ dev\\.sluice\\.\\S+ - .*Torchserve version: .*"))
                .anyMatch(line -> line.endsWith("W-1-digits_1.0 State change WORKER_STARTED -> WORKER_MODEL_LOADED"));
        assertThat(lines("ts_log.log").stream().filter(line -> line.contains("Torchserve version:")))
                .hasSize(1);
        assertThat(Files.readString(folder.resolve("log")))
                .contains("Torchserve version: ")
                .doesNotContain("/ping?a=1");
    }

    @Test
    void writesObjectsAndNoFilesWhenAsked() throws Exception {
        serveOneRequest("--set", "log_format=json", "--set", "log_files=false");

        assertThat(folder.resolve("log-files")).doesNotExist();
        ObjectMapper json = new ObjectMapper();
        List<String> lines = Files.readAllLines(folder.resolve("log"));
        assertThat(lines).anyMatch(line -> line.contains("GET /ping?a=1 HTTP/1.1"));
        for (String line : lines) {
            if (line.startsWith("{")) {
                assertThat(json.readTree(line).path("msg").asText()).isNotEmpty();
            }
        }
    }
}
