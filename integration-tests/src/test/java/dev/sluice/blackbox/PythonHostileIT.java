// SPDX-License-Identifier: Apache-2.0
package dev.sluice.blackbox;

import static dev.sluice.blackbox.Calls.get;
import static dev.sluice.blackbox.Calls.isError;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Handlers that write to the worker's own socket, at the server's other end: the request is answered with an error, the worker
 * replaced, and neither the other worker of the model nor another model notices.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class PythonHostileIT {
    /** What a worker has to write frames with. */
    private static final String FRAMES = """
            import random, struct
            socket = context.cl_socket
            number = lambda value: struct.pack("!i", value)
            string = lambda text: number(len(text)) + text
            mine = string(context.get_request_id(index).encode())
            head = number(200) + string(b"m")
            def prediction(body, name=mine):
                return name + number(0) + number(200) + number(0) + number(0) + body
            """;

    private static final String TOO_LATE = "Prediction took longer than 3000 ms (responseTimeout)";

    private SluiceServer server;
    private Calls calls;

    @BeforeAll
    void startServer(@TempDir Path folder) throws Exception {
        Path store = Files.createDirectory(folder.resolve("store"));
        PythonArchives.pack(store, "pair", "probe.py", """
                minWorkers: 2
                maxWorkers: 2
                responseTimeout: 3
                """);
        PythonArchives.pack(store, "calm", "probe.py", "minWorkers: 1\nmaxWorkers: 1\n");
        server = SluiceServer.start(
                store, folder.resolve("log"), "--models", "pair.mar,calm.mar", "--set", "drain_delay=0");
        calls = new Calls(server);
    }

    @AfterAll
    void stopServer() {
        server.close();
    }

    /** Asks the calm model until told to stop. */
    private CompletableFuture<Integer> calm(AtomicBoolean asking) {
        return CompletableFuture.supplyAsync(() -> {
            int answered = 0;
            try {
                while (asking.get()) {
                    String payload = "return 'calm %d'".formatted(++answered);
                    assertThat(calls.run("calm", payload).body()).isEqualTo("calm " + answered);
                }
            } catch (Exception e) {
                throw new IllegalStateException("while the other model was harmed", e);
            }
            return answered;
        });
    }

    /** The answer to a request that does this, after everything around it was seen to be well. */
    private HttpResponse<String> harms(String python) throws Exception {
        List<Long> before = calls.awaitWorkers("pair", 2, List.of());
        AtomicBoolean asking = new AtomicBoolean(true);
        CompletableFuture<Integer> calm = calm(asking);
        CompletableFuture<HttpResponse<String>> neighbour =
                calls.beginRun("pair", "time.sleep(1.0)\nreturn str(os.getpid())");
        await().pollDelay(Duration.ofMillis(150)).until(() -> true);
        HttpResponse<String> answer = calls.run("pair", FRAMES + python);

        long spared = Long.parseLong(get(neighbour).body());
        asking.set(false);
        assertThat(calm).succeedsWithin(Duration.ofSeconds(10));
        List<Long> harmed = before.stream().filter(pid -> pid != spared).toList();
        assertThat(harmed).hasSize(1);
        Processes.awaitGone(harmed, Duration.ofSeconds(10));
        assertThat(calls.awaitWorkers("pair", 2, harmed)).contains(spared);
        for (int i = 0; i < 6; i++) {
            assertThat(calls.run("pair", "return 'after %d'".formatted(i)).body())
                    .isEqualTo("after " + i);
        }
        return answer;
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', textBlock = """
            a megabyte of random bytes | socket.sendall(random.Random(1).randbytes(1 << 20))
            a megabyte after a good head | socket.sendall(head + random.Random(2).randbytes(1 << 20))
            somebody else's id | socket.sendall(head + prediction(string(b"x"), string(b"nobody")) + number(-1))
            a negative length | socket.sendall(head + prediction(number(-7)) + number(-1))
            a length of two gigabytes | socket.sendall(head + prediction(number(0x7fffffff)) + b"x")
            more headers than there may be | socket.sendall(head + mine + number(0) + number(200) + number(0) + number(0x7ffffff0))
            half an answer and death | socket.sendall(head + mine); os._exit(1)
            a closed connection | socket.close(); time.sleep(600)
            a shut connection | socket.shutdown(2); time.sleep(600)
            no answer at all | socket.sendall(head + number(-1)); time.sleep(600)
            """)
    void endsWithAClearErrorForThatRequestAlone(String what, String python) throws Exception {
        isError(harms(python + "\nreturn 'x'"), 500, "Worker died.");
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', textBlock = """
            an answer without its end, and then nothing | socket.sendall(head + prediction(string(b"x"))[:-1]); time.sleep(600)
            nothing, for ever | time.sleep(600)
            """)
    void endsInTimeWhereNothingMoreComes(String what, String python) throws Exception {
        isError(harms(python + "\nreturn 'x'"), 500, TOO_LATE);
    }

    @Test
    void aShorterLengthThanTheBodyIsAnErrorForThatRequest() throws Exception {
        HttpResponse<String> answer =
                harms("socket.sendall(head + prediction(number(3) + b'too long') + number(-1))\nreturn 'x'");

        isError(answer, 500, "Worker died.");
    }

    /** The first is the answer; the second, which nobody asked for, must never be somebody else's. */
    @Test
    void aSecondAnswerReachesNobody() throws Exception {
        HttpResponse<String> answer = harms("""
                frame = head + prediction(string(b"first")) + number(-1)
                socket.sendall(frame + frame.replace(b"first", b"other"))
                return "third"
                """);

        assertThat(answer.body()).isEqualTo("first");
    }

    @Test
    void anAnswerThatComesTooLateReachesNobody() throws Exception {
        List<Long> before = calls.awaitWorkers("pair", 2, List.of());
        HttpResponse<String> answer = calls.run("pair", FRAMES + """
                import signal
                signal.signal(signal.SIGTERM, signal.SIG_IGN)
                time.sleep(3.3)
                return "late"
                """);

        isError(answer, 500, TOO_LATE);
        for (int i = 0; i < 10; i++) {
            assertThat(calls.run("pair", "time.sleep(0.1)\nreturn 'mine %d'".formatted(i))
                            .body())
                    .isEqualTo("mine " + i);
        }
        assertThat(calls.awaitWorkers("pair", 2, List.of())).isNotEqualTo(before);
    }
}
