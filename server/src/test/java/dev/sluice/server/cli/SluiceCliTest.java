// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.server.config.BindAddress;
import dev.sluice.server.config.LogsConfig;
import dev.sluice.server.config.ServerConfig;
import dev.sluice.server.protocol.Plane;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SluiceCliTest {
    @TempDir
    private Path folder;

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();
    private final Map<String, String> environment = new HashMap<>();
    private final FakeLauncher launcher = new FakeLauncher();
    private final List<String> requests = new ArrayList<>();
    private HttpServer peer;
    private String address;

    @BeforeEach
    void startPeer() throws IOException {
        peer = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        peer.start();
        address = "http://127.0.0.1:" + peer.getAddress().getPort();
    }

    @AfterEach
    void stopPeer() {
        peer.stop(0);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "serve",
                "demo",
                "predict",
                "health",
                "archive",
                "models",
                "models list",
                "models describe",
                "models register",
                "models scale",
                "models set-default",
                "models unregister",
                "engines",
                "config",
                "config explain",
                "config keys",
                "migrate",
                "migrate torchserve",
                "engines list",
                "engines add",
                "engines test",
                "engines remove"
            })
    void everyVerbHasHelpWithExamples(String verb) {
        String[] words = (verb + " --help").strip().split(" ", -1);

        assertThat(run(words)).isEqualTo(SluiceCli.OK);
        assertThat(out.toString()).contains("Example").contains("sluice");
        assertThat(err.toString()).isEmpty();
    }

    private List<String> authorizations(String... words) {
        List<String> seen = new ArrayList<>();
        peer.createContext("/", exchange -> {
            seen.add(String.valueOf(exchange.getRequestHeaders().getFirst("Authorization")));
            byte[] body = "{\"models\": []}".getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(200, body.length);
            exchange.getResponseBody().write(body);
            exchange.close();
        });
        assertThat(run(words)).as(err.toString()).isEqualTo(SluiceCli.OK);
        return seen;
    }

    @Test
    void sendsTheTokenItIsGiven() {
        environment.put("SLUICE_TOKEN", "variable");

        assertThat(authorizations("models", "list", "--address", address, "--token", "option"))
                .containsExactly("Bearer option");
    }

    @Test
    void sendsTheTokenOfTheVariable() {
        environment.put("SLUICE_TOKEN", "variable");

        assertThat(authorizations("models", "list", "--address", address)).containsExactly("Bearer variable");
    }

    @ParameterizedTest
    @CsvSource({"models list,m", "models describe x,m", "health,i"})
    void sendsTheTokenOfTheKeyFileHere(String verb, String key) throws IOException {
        Files.writeString(
                folder.resolve("key_file.json"),
                "{\"management\": {\"key\": \"m\"}, \"inference\": {\"key\": \"i\"}, \"API\": {\"key\": \"a\"}}");
        List<String> words = new ArrayList<>(List.of(verb.split(" ", -1)));
        words.addAll(List.of("--address", address));

        assertThat(authorizations(words.toArray(String[]::new))).containsExactly("Bearer " + key);
    }

    /** The key file says nothing of other machines. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "http://models.example.org:8081",
                "https://127.0.0.1.example.org",
                "http://localhost@example.org",
                "no url"
            })
    void keepsTheKeyFileFromOtherMachines(String other) throws IOException {
        Files.writeString(folder.resolve("key_file.json"), "{\"management\": {\"key\": \"m\"}}");
        TokenOptions options = new TokenOptions();

        assertThat(options.token(console(), other, "management")).isEmpty();
        assertThat(options.token(console(), "http://127.0.0.1:8081", "management"))
                .contains("m");
    }

    @Test
    void keepsTheTokenOutOfMessages() {
        assertThat(run("models", "list", "--address", address, "--token", "sec\nret"))
                .isEqualTo(SluiceCli.USAGE);
        assertThat(err.toString()).contains("--token: not one").doesNotContain("sec");
    }

    @Test
    void tellsItsVersion() {
        assertThat(run("--version")).isEqualTo(SluiceCli.OK);
        assertThat(out.toString().strip()).isEqualTo("sluice 1.2.3");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "srve",
                "serve --model-stor x",
                "predict",
                "models",
                "models scale",
                "engines",
                "engines add",
                "config",
                "config keys x",
                "engines list x",
                "demo --port x",
                "archive list"
            })
    void refusesWrongArgumentsWithAHint(String line) {
        String[] words = line.isEmpty() ? new String[0] : line.split(" ", -1);

        assertThat(run(words)).isEqualTo(SluiceCli.USAGE);
        assertThat(err.toString()).isNotBlank();
        assertThat(out.toString()).isEmpty();
    }

    @Test
    void servesWithTheFlagsOfTheOriginal() throws IOException {
        Path file = Files.writeString(folder.resolve("c.properties"), "job_queue_size=5\nmax_request_size=6");

        int code = run(
                "serve",
                "--model-store",
                folder.toString(),
                "--models",
                "a.mar",
                "b=c.mar",
                "--ncs",
                "--foreground",
                "--ts-config",
                file.toString(),
                "--dt",
                "--enable-model-api",
                "--set",
                "max_request_size=7",
                "--set",
                "inference_address=http://0.0.0.0:1");

        assertThat(err.toString()).isEmpty();
        assertThat(code).isEqualTo(SluiceCli.OK);
        ServerConfig config = launcher.started();
        assertThat(config.models().directory()).contains(folder);
        assertThat(config.models().loadModels()).isEqualTo("a.mar,b=c.mar");
        assertThat(config.models().queueCapacity()).isEqualTo(5);
        assertThat(config.listeners().maxRequestBytes()).isEqualTo(7);
        assertThat(config.listeners().inference()).isEqualTo(new BindAddress("0.0.0.0", 1));
        assertThat(config.admin().modelApi()).isTrue();
        assertThat(config.tokens().disabled()).isTrue();
        assertThat(out.toString().lines())
                .containsExactly(
                        "Inference:  http://127.0.0.1:1",
                        "Management: http://127.0.0.1:2",
                        "Metrics:    http://127.0.0.1:3/metrics",
                        "Model server started.");
    }

    @Test
    void readsThePropertiesOfTheWorkingDirectoryUnlessOthersAreNamed() throws IOException {
        Files.writeString(folder.resolve("config.properties"), "job_queue_size=11");
        Path named = Files.writeString(folder.resolve("named"), "job_queue_size=12");
        Path byVariable = Files.writeString(folder.resolve("variable"), "job_queue_size=13");

        assertThat(run("serve")).isZero();
        assertThat(launcher.started().models().queueCapacity()).isEqualTo(11);
        assertThat(run("serve", "-f", named.toString())).isZero();
        assertThat(launcher.started().models().queueCapacity()).isEqualTo(12);
        environment.put("TS_CONFIG_FILE", byVariable.toString());
        assertThat(run("serve", "-f", named.toString())).isZero();
        assertThat(launcher.started().models().queueCapacity()).isEqualTo(13);
    }

    @Test
    void refusesAnUnknownKeyWithTheNearest() {
        assertThat(run("serve", "--set", "jobqueue_size=1")).isEqualTo(SluiceCli.USAGE);
        assertThat(err.toString().strip())
                .isEqualTo("error: unknown configuration key: jobqueue_size (did you mean job_queue_size?)");
    }

    @Test
    void takesTheFlagsOfTheOriginalsOwnProcess() throws IOException {
        Path file = Files.writeString(folder.resolve("c.properties"), "job_queue_size=5");

        assertThat(run(
                        "serve",
                        "-s",
                        folder.toString(),
                        "-m",
                        "a.mar",
                        "b.mar",
                        "-ncs",
                        "-w",
                        "flows",
                        "-clog",
                        "log.xml",
                        "-dt",
                        "-mapi",
                        "-e",
                        "python3",
                        "--ts-config-file",
                        file.toString(),
                        "--workers",
                        "2"))
                .isZero();

        ServerConfig config = launcher.started();
        assertThat(config.models().directory()).contains(folder);
        assertThat(config.models().loadModels()).isEqualTo("a.mar,b.mar");
        assertThat(config.models().queueCapacity()).isEqualTo(5);
        assertThat(config.models().defaultWorkers()).hasValue(2);
        assertThat(config.snapshots().enabled()).isFalse();
        assertThat(config.tokens().disabled()).isTrue();
        assertThat(config.admin().modelApi()).isTrue();
    }

    @Test
    void saysWhyItCouldNotStart() {
        launcher.failWith(new ServingException(ErrorCode.FAILED_PRECONDITION, "port 8080 is taken"));

        assertThat(run("serve")).isEqualTo(SluiceCli.FAILED);
        assertThat(err.toString().strip()).isEqualTo("error: port 8080 is taken");
        assertThat(out.toString()).isEmpty();
    }

    @Test
    void listsModelsOfAllPages() {
        String first = "{\"models\":[{\"modelName\":\"a\",\"modelUrl\":\"a.mar\"}],\"nextPageToken\":\"1\"}";
        String second = "{\"models\":[{\"modelName\":\"longer\",\"modelUrl\":\"b.mar\"}]}";
        peer.createContext("/models", exchange -> reply(exchange, 200, requests.isEmpty() ? first : second));

        assertThat(run("models", "list", "--address", address)).isZero();
        assertThat(out.toString().lines()).containsExactly("MODEL   LOCATION", "a       a.mar", "longer  b.mar");
        assertThat(requests).containsExactly("GET /models?limit=1000", "GET /models?limit=1000&next_page_token=1");
    }

    @Test
    void describesAModel() {
        answer(
                "/models/digits/all",
                200,
                "[{\"modelName\":\"digits\",\"minWorkers\":1,\"workers\":[{\"id\":\"9000\",\"status\":\"READY\",\"startTime\":\"now\"}]}]");

        assertThat(run("models", "describe", "digits", "all", "--address", address))
                .isZero();
        assertThat(out.toString()).contains("modelName            digits").contains("9000    READY   now");
    }

    @Test
    void sendsChangesWithTheirParameters() {
        answer("/models", 200, "{\"status\":\"fine\"}");

        assertThat(run("models", "register", "a b.mar", "--name", "n", "--workers", "2", "--address", address))
                .isZero();
        assertThat(run("models", "scale", "n", "1.0", "--min", "0", "--max", "3", "--no-wait", "--address", address))
                .isZero();
        assertThat(run("models", "set-default", "n", "2.0", "--address", address))
                .isZero();
        assertThat(run("models", "unregister", "n", "1.0", "--address", address))
                .isZero();

        assertThat(requests)
                .containsExactly(
                        "POST /models?url=a%20b.mar&model_name=n&initial_workers=2&synchronous=true",
                        "PUT /models/n/1.0?min_worker=0&max_worker=3&synchronous=false",
                        "PUT /models/n/2.0/set-default",
                        "DELETE /models/n/1.0");
        assertThat(out.toString().lines()).containsOnly("fine");
    }

    @Test
    void passesTheServersRefusalOn() {
        answer("/models", 404, "{\"code\":404,\"type\":\"ModelNotFoundException\",\"message\":\"Model not found: x\"}");

        assertThat(run("models", "unregister", "x", "--address", address)).isEqualTo(SluiceCli.FAILED);
        assertThat(err.toString().strip()).isEqualTo("error: the server answered 404: Model not found: x");
    }

    @Test
    void saysWhenNoServerAnswers() throws IOException {
        String closed;
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            closed = "http://127.0.0.1:" + socket.getLocalPort();
        }

        assertThat(run("models", "list", "--address", closed)).isEqualTo(SluiceCli.UNREACHABLE);
        assertThat(err.toString()).contains(closed).contains("sluice serve").contains("--address");
    }

    @Test
    void predictsFromFilesAndStandardInput() throws IOException {
        answer("/predictions/m/2.0", 200, "{\"a\":1}");
        Files.writeString(folder.resolve("picture.PNG"), "png");

        assertThat(run("predict", "m", "picture.PNG", "-", "--model-version", "2.0", "--address", address))
                .isZero();
        assertThat(requests)
                .containsExactly(
                        "POST /predictions/m/2.0 image/png png",
                        "POST /predictions/m/2.0 application/octet-stream typed");
        assertThat(out.toString().lines()).containsExactly("picture.PNG:", "{\"a\":1}", "-:", "{\"a\":1}");
    }

    @Test
    void namesAFileThatCannotBeRead() {
        assertThat(run("predict", "m", "absent.png", "--address", address)).isEqualTo(SluiceCli.USAGE);
        assertThat(err.toString()).contains("absent.png");
    }

    @Test
    void tellsHealth() {
        answer("/ping", 200, "{\"status\":\"Healthy\"}");

        assertThat(run("health", "--address", address)).isZero();
        assertThat(out.toString().strip()).isEqualTo("Healthy");
    }

    @Test
    void saysWhenTheDemosModelIsMissing() {
        assertThat(run("demo", "--once")).isEqualTo(SluiceCli.FAILED);
        assertThat(err.toString()).contains("./sluice demo");
    }

    private Console console() {
        return new Console(
                new PrintWriter(out, true),
                new PrintWriter(err, true),
                new ByteArrayInputStream("typed".getBytes(StandardCharsets.UTF_8)),
                false,
                environment,
                folder,
                folder,
                Optional.empty(),
                Optional.empty(),
                new PackHost(Optional.empty(), folder.resolve("repository"), "test-os", List.of("false")),
                InstantSource.system(),
                "1.2.3");
    }

    private int run(String... arguments) {
        return SluiceCli.create(console(), launcher).execute(arguments);
    }

    private void answer(String path, int status, String body) {
        peer.createContext(path, exchange -> reply(exchange, status, body));
    }

    private void reply(HttpExchange exchange, int status, String body) throws IOException {
        String sent = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
        String type = exchange.getRequestHeaders().getFirst("content-type");
        requests.add((exchange.getRequestMethod() + " " + exchange.getRequestURI() + " " + (type == null ? "" : type)
                        + " " + sent)
                .strip());
        byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
        exchange.sendResponseHeaders(status, bytes.length);
        exchange.getResponseBody().write(bytes);
        exchange.close();
    }

    private static final class FakeLauncher implements ServerLauncher {
        private final List<ServerConfig> configs = new ArrayList<>();
        private final List<ServingException> failures = new ArrayList<>();

        ServerConfig started() {
            return configs.get(configs.size() - 1);
        }

        void failWith(ServingException failure) {
            failures.add(failure);
        }

        @Override
        public RunningServer start(ServerConfig config) {
            if (!failures.isEmpty()) {
                throw failures.get(0);
            }
            configs.add(config);
            return new FakeServer();
        }

        @Override
        public void configureLog(LogsConfig config, Optional<Path> file) {}
    }

    private static final class FakeServer implements RunningServer {
        @Override
        public Map<Plane, String> addresses() {
            Map<Plane, String> addresses = new EnumMap<>(Plane.class);
            addresses.put(Plane.INFERENCE, "http://127.0.0.1:1");
            addresses.put(Plane.MANAGEMENT, "http://127.0.0.1:2");
            addresses.put(Plane.METRICS, "http://127.0.0.1:3");
            return addresses;
        }

        @Override
        public void awaitStop() {}

        @Override
        public void close() {}
    }
}
