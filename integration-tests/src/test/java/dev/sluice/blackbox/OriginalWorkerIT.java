// SPDX-License-Identifier: Apache-2.0
package dev.sluice.blackbox;

import static dev.sluice.blackbox.Calls.isError;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.conformance.Row;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/**
 * A worker that is installed for the interpreter, here one that writes down the bytes it gets and answers with those it is told. The
 * client suite does the same with the package as it is published. The vectors are those of torchserve.md 7.8, but for what the server
 * chooses: the model's folder, the request's id, and the headers of HTTP.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class OriginalWorkerIT {
    private static final String LOADED = "000000c8 00000002 6f6b ffffffff";
    private static final String ANSWER = "000000c8 00000012 50726564696374696f6e2073756363657373 id 00000000 000000c8"
            + " 00000000 00000000 0000000c 7b0a20202278223a20310a7d ffffffff";
    private static final String PART = "000000c8 00000001 6d id 00000000 000000c8 00000000 00000001 0000000e"
            + " 74735f73747265616d5f6e657874 00000004 74727565 00000001 61 ffffffff";
    private static final String ERROR = "000001f7 00000011 50726564696374696f6e206661696c6564 id 00000000 000001f7"
            + " 00000000 00000000 00000005 6572726f72 ffffffff";

    private Path folder;
    private Path packages;
    private SluiceServer server;
    private Calls calls;

    @BeforeAll
    void startServer(@TempDir Path temporary) throws Exception {
        folder = temporary;
        packages = Path.of(Objects.requireNonNull(getClass().getResource("/installed-worker"))
                .toURI());
        Path store = Files.createDirectory(folder.resolve("store"));
        pack(store, "noop", ANSWER);
        // A part and what follows it are two messages, and may come in one piece.
        pack(store, "parts", PART + ANSWER);
        pack(store, "error", ERROR);
        server = SluiceServer.startPlain(
                folder,
                Map.of("PYTHONPATH", packages.toString()),
                folder.resolve("log"),
                "--model-store",
                store.toString(),
                "--models",
                "noop.mar,parts.mar,error.mar",
                "--disable-token-auth",
                "--enable-model-api",
                "--set",
                "python_worker=original");
        calls = new Calls(server);
    }

    private void pack(Path store, String name, String reply) throws Exception {
        PythonArchives.named(name)
                .source("service.py", "raise ImportError('loaded by no worker here')\n")
                .file("where.txt", folder.resolve(name).toString().getBytes(UTF_8))
                .file("replies.txt", (LOADED + "\n" + reply + "\n").getBytes(UTF_8))
                .configuration("minWorkers: 1\nmaxWorkers: 1\n")
                .mar(store);
    }

    @AfterAll
    void stopServer() {
        server.close();
    }

    private HttpResponse<String> ask(String model) throws Exception {
        return calls.predict(model, "{\"a\":1}", "content-type", "application/json");
    }

    private static String hex(String spaced) {
        return spaced.replace(" ", "");
    }

    private static String string(String text) {
        byte[] bytes = text.getBytes(UTF_8);
        return HexFormat.of().toHexDigits(bytes.length) + HexFormat.of().formatHex(bytes);
    }

    /** Seen to fail without {@code python_worker=original}. */
    @Test
    @Row({74, 75})
    void theInstalledWorkerGetsTheVectorsAndItsAnswersAreServed() throws Exception {
        HttpResponse<String> answer = ask("noop");

        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
        assertThat(answer.body()).isEqualTo("{\n  \"x\": 1\n}");
        List<String> told = Files.readAllLines(folder.resolve("noop"));
        String[] started = told.get(0).split(" ", -1);
        assertThat(started[0])
                .isEqualTo(packages.resolve("ts/model_service_worker.py").toString());
        assertThat(started[1]).isEqualTo(packages.resolve("ts/__init__.py").toString());
        assertThat(told.get(1))
                .isEqualTo(hex("4c 00000004 6e6f6f70")
                        + string(started[2])
                        + hex("00000001 0000000a 736572766963652e7079 ffffffff 00000000 01"));
        String id = answer.headers().firstValue("x-request-id").orElseThrow();
        assertThat(told.get(2))
                .startsWith("49" + string(id))
                .contains(hex("00000007 6578706c61696e 00000005 46616c7365"))
                .endsWith(hex("ffffffff 00000004 626f6479 00000010 6170706c69636174696f6e2f6a736f6e"
                        + " 00000007 7b2261223a317d ffffffff ffffffff"));
        assertThat(told).hasSize(3);
    }

    @Test
    @Row(75)
    void aPartIsHandedOnBeforeWhatFollowsIt() throws Exception {
        assertThat(ask("parts").body()).isEqualTo("a{\n  \"x\": 1\n}");
    }

    @Test
    @Row(75)
    void anErrorIsTold() throws Exception {
        isError(ask("error"), 503, "Prediction failed");
    }
}
