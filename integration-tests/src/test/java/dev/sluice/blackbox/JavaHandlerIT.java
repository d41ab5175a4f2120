// SPDX-License-Identifier: Apache-2.0
package dev.sluice.blackbox;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.conformance.Row;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** The example of a handler, packed as docs/handlers.md says and served by the distribution. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class JavaHandlerIT {
    private final Client client = new Client();
    private Path folder;
    private SluiceServer server;

    @BeforeAll
    void startServer(@TempDir Path temporary) throws Exception {
        folder = temporary;
        Files.createDirectory(folder.resolve("store"));
        pack("table", "com.example.table.TableHandler", "");
        pack("named", "table", "handler: {table: {header: true}}");
        pack("absent", "com.example.table.Absent", "");
        server = SluiceServer.start(folder.resolve("store"), folder.resolve("log"), "--models", "table.mar,named.mar");
    }

    @AfterAll
    void stopServer() {
        server.close();
    }

    private void pack(String name, String handler, String configuration) throws IOException, InterruptedException {
        Path config = Files.writeString(folder.resolve(name + ".yaml"), configuration);
        int exit = new ProcessBuilder(
                        Distribution.root().resolve("bin/torch-model-archiver").toString(),
                        "--model-name",
                        name,
                        "--version",
                        "1.0",
                        "--handler",
                        handler,
                        "--serialized-file",
                        Distribution.models().resolve("small/double.onnx").toString(),
                        "--extra-files",
                        Distribution.exampleHandler().toString(),
                        "--config-file",
                        config.toString(),
                        "--export-path",
                        folder.resolve("store").toString())
                .inheritIO()
                .start()
                .waitFor();
        assertThat(exit).isZero();
    }

    private HttpResponse<String> post(String model, String table) throws IOException, InterruptedException {
        return client.post(server.inference("/predictions/" + model), table.getBytes(UTF_8));
    }

    @Test
    @Row(72)
    void answersByTheHandlerOfTheArchive() throws Exception {
        HttpResponse<String> answer = post("table", "1, 2\n-3.5,0\n");

        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
        assertThat(answer.headers().firstValue("content-type")).contains("application/json");
        assertThat(answer.body()).isEqualTo("{\"columns\": {\"doubled\": [[2.0, 4.0], [-7.0, 0.0]]}, \"rows\": 2}");
    }

    @Test
    void findsTheHandlerByTheNameItGivesItself() throws Exception {
        assertThat(post("named", "price,weight\n1,2").body())
                .isEqualTo("{\"columns\": {\"doubled\": [[2.0, 4.0]]}, \"rows\": 1}");
    }

    @Test
    void tellsTheCallerWhatTheHandlerObjectsTo() throws Exception {
        HttpResponse<String> answer = post("table", "1,2\n3,x");

        assertThat(answer.statusCode()).isEqualTo(400);
        assertThat(answer.body()).contains("row 2: 'x' (expected: a number)");
    }

    @Test
    void tellsTheOperatorWhatIsWrongWithAnArchive() throws Exception {
        HttpResponse<String> absent =
                client.send("POST", server.management("/models?url=absent.mar&initial_workers=1"), new byte[0]);

        assertThat(absent.statusCode()).isEqualTo(400);
        assertThat(absent.body()).contains("Handler com.example.table.Absent is not there");
    }

    @Test
    void loadsTheHandlerAgainAfterItWasUnloaded() throws Exception {
        for (int i = 0; i < 3; i++) {
            String scale = "/models/named?synchronous=true&min_worker=";
            assertThat(client.send("PUT", server.management(scale + 0), new byte[0])
                            .statusCode())
                    .isEqualTo(200);
            assertThat(client.send("PUT", server.management(scale + 1), new byte[0])
                            .statusCode())
                    .isEqualTo(200);
        }
        HttpResponse<String> answer = post("named", "h\n4");

        assertThat(answer.body()).isEqualTo("{\"columns\": {\"doubled\": [[8.0]]}, \"rows\": 1}");
    }
}
