// SPDX-License-Identifier: Apache-2.0
package dev.sluice.blackbox;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpServer;
import dev.sluice.api.torchserve.inference.InferenceAPIsServiceGrpc;
import dev.sluice.api.torchserve.inference.PredictionsRequest;
import dev.sluice.api.torchserve.openinference.GRPCInferenceServiceGrpc;
import dev.sluice.api.torchserve.openinference.InferTensorContents;
import dev.sluice.api.torchserve.openinference.ModelInferRequest;
import dev.sluice.api.torchserve.openinference.ModelInferResponse;
import dev.sluice.conformance.Row;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.MetadataUtils;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.StandardProtocolFamily;
import java.net.URI;
import java.net.UnixDomainSocketAddress;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.Key;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.zip.ZipOutputStream;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** How a server of TorchServe's users is set up: addresses, files of settings, variables, tokens, TLS. */
class TorchServeSetupIT {
    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir
    private Path folder;

    private final Client client = new Client();
    private final List<SluiceServer> servers = new ArrayList<>();
    private Path store;

    @BeforeEach
    void makeStore() throws IOException {
        store = Files.createDirectory(folder.resolve("store"));
        Probe.pack(store, "m", "1.0", "minWorkers: 1\nmaxWorkers: 1\n");
    }

    @AfterEach
    void stopServers() {
        servers.forEach(SluiceServer::close);
    }

    private SluiceServer start(Map<String, String> variables, String... flags) {
        SluiceServer server = SluiceServer.startPlain(folder, variables, folder.resolve("log"), flags);
        servers.add(server);
        return server;
    }

    private SluiceServer open(String... flags) {
        List<String> all = new ArrayList<>(List.of("--model-store", store.toString(), "--disable-token-auth"));
        all.addAll(List.of(flags));
        return start(Map.of(), all.toArray(String[]::new));
    }

    private HttpResponse<String> get(URI uri, String... headers) throws Exception {
        HttpRequest.Builder request = HttpRequest.newBuilder(uri);
        if (headers.length > 0) {
            request.headers(headers);
        }
        return HttpClient.newHttpClient().send(request.build(), HttpResponse.BodyHandlers.ofString());
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    @Test
    @Row({1, 2})
    void listensOnThisMachineAloneAndSaysWhenItStarted() throws Exception {
        SluiceServer server = open();

        assertThat(server.output()).contains("Model server started.");
        assertThat(ListeningSockets.of(server.process().pid())).hasSize(5).allMatch(InetAddress::isLoopbackAddress);
    }

    @Test
    @Row(36)
    void refusesToRegisterUnlessItMay() throws Exception {
        SluiceServer server = open("--models", "m.mar");

        for (String method : List.of("POST", "DELETE")) {
            String path = method.equals("POST") ? "/models?url=m.mar" : "/models/m";
            HttpResponse<String> answer = client.send(method, server.management(path), new byte[0]);
            assertThat(answer.statusCode()).isEqualTo(405);
            assertThat(answer.body()).contains("MethodNotAllowedException");
        }
    }

    @Test
    @Row({46, 47})
    void wantsTokensByDefaultAndRenewsThem() throws Exception {
        SluiceServer server = start(Map.of(), "--model-store", store.toString(), "--models", "m.mar");
        Path file = folder.resolve("key_file.json");

        HttpResponse<String> without = get(server.inference("/predictions/m"));
        assertThat(without.statusCode()).isEqualTo(400);
        assertThat(JSON.readTree(without.body()).path("type").asText()).isEqualTo("InvalidKeyException");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                .isEqualTo("rw-------");
        String old = bearer(file, "inference");
        assertThat(get(server.inference("/predictions/m"), "Authorization", old).statusCode())
                .isEqualTo(200);
        assertThat(get(server.management("/token?type=inference"), "Authorization", bearer(file, "API"))
                        .statusCode())
                .isEqualTo(200);
        assertThat(get(server.inference("/predictions/m"), "Authorization", old).statusCode())
                .isEqualTo(400);
        assertThat(get(server.inference("/predictions/m"), "Authorization", bearer(file, "inference"))
                        .statusCode())
                .isEqualTo(200);
    }

    @Test
    @Row(59)
    void wantsTokensOverGrpc() throws Exception {
        SluiceServer server = start(Map.of(), "--model-store", store.toString(), "--models", "m.mar");
        ManagedChannel channel = Grpc.newChannelBuilder(server.grpcInference(), InsecureChannelCredentials.create())
                .build();
        try {
            var stub = InferenceAPIsServiceGrpc.newBlockingStub(channel).withDeadlineAfter(60, TimeUnit.SECONDS);
            PredictionsRequest request =
                    PredictionsRequest.newBuilder().setModelName("m").build();
            Metadata token = new Metadata();
            token.put(
                    Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER),
                    bearer(folder.resolve("key_file.json"), "inference"));

            StatusRuntimeException refusal =
                    catchThrowableOfType(StatusRuntimeException.class, () -> stub.predictions(request));
            assertThat(refusal.getStatus().getCode()).isEqualTo(Status.Code.PERMISSION_DENIED);
            assertThat(refusal.getStatus().getDescription()).startsWith("Token Authorization failed.");
            assertThat(stub.withInterceptors(MetadataUtils.newAttachHeadersInterceptor(token))
                            .predictions(request)
                            .getPrediction()
                            .isEmpty())
                    .isFalse();
        } finally {
            channel.shutdownNow();
        }
    }

    private static String bearer(Path file, String key) throws IOException {
        JsonNode keys = JSON.readTree(file.toFile());
        return "Bearer " + keys.path(key).path("key").asText();
    }

    @Test
    @Row(61)
    void takesEveryKeyOfTheOriginalAndToleratesOthers() throws Exception {
        Path config = Files.writeString(folder.resolve("all.properties"), """
                inference_address=http://127.0.0.1:0
                management_address=http://127.0.0.1:0
                metrics_address=http://127.0.0.1:0
                grpc_inference_address=127.0.0.1
                grpc_management_address=127.0.0.1
                grpc_inference_port=0
                grpc_management_port=0
                grpc_inference_max_connection_age_ms=9223372036854775807
                grpc_management_max_connection_age_ms=9223372036854775807
                grpc_inference_max_connection_age_grace_ms=9223372036854775807
                grpc_management_max_connection_age_grace_ms=9223372036854775807
                enable_grpc_ssl=false
                workflow_store=%1$s
                model_store=%1$s
                load_models=m.mar
                models={"m": {"1.0": {"minWorkers": 1, "maxWorkers": 1, "batchSize": 1, "maxBatchDelay": 10}}}
                default_workers_per_model=1
                default_response_timeout=120
                default_startup_timeout=120
                unregister_model_timeout=120
                job_queue_size=100
                number_of_gpu=0
                number_of_netty_threads=2
                netty_client_threads=2
                max_request_size=6553500
                max_response_size=6553500
                limit_max_image_pixels=true
                decode_input_request=true
                default_service_handler=image_classifier
                install_py_dep_per_model=false
                allowed_urls=https://models.example.org/.*
                use_env_allowed_urls=false
                blacklist_env_vars=.*SECRET.*
                disable_token_authorization=true
                token_expiration_min=60
                enable_model_api=true
                cors_allowed_origin=*
                cors_allowed_methods=GET, POST
                cors_allowed_headers=X-Custom
                keystore_pass=changeit
                keystore_type=PKCS12
                enable_metrics_api=true
                metrics_mode=log
                model_metrics_auto_detect=false
                disable_system_metrics=true
                system_metrics_cmd=
                metric_time_interval=60
                async_logging=false
                prefer_direct_buffer=false
                use_native_io=true
                io_ratio=50
                initial_worker_port=9000
                initial_distribution_port=29500
                ts_open_inference_protocol=false
                ts_header_key_sequence_id=ts_request_sequence_id
                ts_header_key_sequence_start=ts_request_sequence_start
                ts_header_key_sequence_end=ts_request_sequence_end
                ipex_enable=false
                ipex_gpu_enable=false
                cpu_launcher_enable=false
                cpu_launcher_args=
                model_server_home=%1$s
                python=python3
                debug=false
                version=0.12.0
                enable_envvars_config=false
                vmargs=-Xmx1g
                plugins_path=%1$s
                somebodys_own_key=1
                job_queue_sise=7
                """.formatted(store));
        SluiceServer server = start(Map.of(), "--ts-config", config.toString());

        assertThat(client.get(server.inference("/ping")).statusCode()).isEqualTo(200);
        String log = Files.readString(folder.resolve("log"));
        assertThat(log)
                .contains("unknown key somebodys_own_key")
                .contains("unknown key job_queue_sise, ignored (did you mean job_queue_size?)");
        assertThat(log.lines().filter(line -> line.contains("unknown key"))).hasSize(2);
    }

    @Test
    @Row(62)
    void variablesCountWhereTheFileSaysSo() throws Exception {
        int port = freePort();
        Map<String, String> variables = Map.of("TS_INFERENCE_ADDRESS", "http://127.0.0.1:" + port);
        for (boolean counts : List.of(true, false)) {
            Path config = Files.writeString(folder.resolve(counts + ".properties"), """
                    enable_envvars_config=%s
                    disable_token_authorization=true
                    inference_address=http://127.0.0.1:0
                    management_address=http://127.0.0.1:0
                    metrics_address=http://127.0.0.1:0
                    grpc_inference_port=0
                    grpc_management_port=0
                    """.formatted(counts));
            SluiceServer server = SluiceServer.startAsSaid(
                    folder,
                    variables,
                    folder.resolve("log"),
                    List.of("--ts-config", config.toString(), "--model-store", store.toString()));
            servers.add(server);

            assertThat(server.inference("/").getPort() == port).isEqualTo(counts);
        }
    }

    @Test
    @Row(63)
    void expandsVariablesInTheFile() throws Exception {
        Path config = Files.writeString(folder.resolve("v.properties"), "model_store=$$STORE$$\nload_models=m.mar\n");
        SluiceServer server =
                start(Map.of("STORE", store.toString()), "--ts-config", config.toString(), "--disable-token-auth");

        assertThat(client.get(server.inference("/predictions/m")).statusCode()).isEqualTo(200);
        assertThat(SluiceServer.exitCode(folder, "--ts-config", config.toString()))
                .isEqualTo(2);
    }

    @Test
    @Row(64)
    void loadsWhatLoadModelsSays() throws Exception {
        Probe.pack(store, "other", "1.0", "minWorkers: 1\nmaxWorkers: 1\n");
        Path elsewhere = Files.createDirectory(folder.resolve("elsewhere"));
        Path remote = Probe.pack(elsewhere, "remote", "1.0", "minWorkers: 1\nmaxWorkers: 1\n");

        assertThat(names(open("--models", "all"))).containsExactly("m", "other");
        assertThat(names(open("--models", "m.mar,", "renamed=other.mar"))).containsExactly("m", "renamed");
        assertThat(names(open("--models", remote.toUri().toString(), "--set", "allowed_urls=file://.*")))
                .containsExactly("remote");
    }

    private List<String> names(SluiceServer server) throws Exception {
        return JSON.readTree(client.get(server.management("/models")).body())
                .path("models")
                .findValuesAsText("modelName");
    }

    @Test
    @Row(27)
    void servesTheOpenInferenceProtocolWhereTheVariableSaysSo() throws Exception {
        SluiceServer server = start(
                Map.of("TS_OPEN_INFERENCE_PROTOCOL", "oip"),
                "--model-store",
                store.toString(),
                "--models",
                "m.mar",
                "--disable-token-auth");

        JsonNode live =
                JSON.readTree(client.get(server.inference("/v2/health/live")).body());
        assertThat(live).isEqualTo(JSON.readTree("{\"live\": true}"));
        assertThat(JSON.readTree(
                                client.get(server.inference("/v2/health/ready")).body())
                        .path("ready")
                        .asBoolean())
                .isTrue();
        assertThat(JSON.readTree(client.get(server.inference("/v2")).body())
                        .path("name")
                        .asText())
                .isEqualTo("Torchserve");
    }

    @Test
    @Row(60)
    void takesTensorsOverGrpc() throws Exception {
        Files.copy(Distribution.models().resolve("small/double.onnx"), store.resolve("double.onnx"));
        SluiceServer server = open("--models", "double.onnx", "--set", "ts_open_inference_protocol=true");
        ManagedChannel channel = Grpc.newChannelBuilder(server.grpcInference(), InsecureChannelCredentials.create())
                .build();
        try {
            var stub = GRPCInferenceServiceGrpc.newBlockingStub(channel).withDeadlineAfter(60, TimeUnit.SECONDS);
            ModelInferResponse answer = stub.modelInfer(ModelInferRequest.newBuilder()
                    .setModelName("double")
                    .setId("7")
                    .addInputs(ModelInferRequest.InferInputTensor.newBuilder()
                            .setName("x")
                            .setDatatype("FP32")
                            .addShape(1)
                            .addShape(2)
                            .setContents(InferTensorContents.newBuilder()
                                    .addFp32Contents(1.5f)
                                    .addFp32Contents(-2)))
                    .build());

            assertThat(answer.getId()).isEqualTo("7");
            assertThat(answer.getOutputs(0).getDatatype()).isEqualTo("FP32");
            assertThat(answer.getOutputs(0).getContents().getFp32ContentsList()).containsExactly(3f, -4f);
        } finally {
            channel.shutdownNow();
        }
    }

    @Test
    @Row(65)
    void servesBothInterfacesOnOneAddress() throws Exception {
        String address = "http://127.0.0.1:" + freePort();
        SluiceServer server = open(
                "--models", "m.mar", "--set", "inference_address=" + address, "--set", "management_address=" + address);

        assertThat(client.get(URI.create(address + "/ping")).statusCode()).isEqualTo(200);
        assertThat(client.get(URI.create(address + "/models/m/1.0")).statusCode())
                .isEqualTo(200);
        assertThat(client.get(URI.create(address + "/predictions/m")).statusCode())
                .isEqualTo(200);
        assertThat(server.process().isAlive()).isTrue();
    }

    @Test
    @Row(66)
    void speaksTlsWithAStoreOrWithPemFiles() throws Exception {
        Path keystore = folder.resolve("keys.p12");
        keytool(keystore);
        KeyStore keys = KeyStore.getInstance(keystore.toFile(), "changeit".toCharArray());
        HttpClient trusting = trusting(keys);
        List<List<String>> settings = List.of(
                List.of("--set", "keystore=" + keystore, "--set", "keystore_pass=changeit"),
                List.of(
                        "--set",
                        "private_key_file=" + pem("PRIVATE KEY", key(keys).getEncoded()),
                        "--set",
                        "certificate_file="
                                + pem("CERTIFICATE", certificate(keys).getEncoded())));
        for (List<String> setting : settings) {
            List<String> flags = new ArrayList<>(setting);
            flags.addAll(List.of("--set", "inference_address=https://127.0.0.1:0"));
            SluiceServer server = open(flags.toArray(String[]::new));
            URI ping = server.inference("/ping");

            assertThat(ping.getScheme()).isEqualTo("https");
            assertThat(trusting.send(HttpRequest.newBuilder(ping).build(), HttpResponse.BodyHandlers.ofString())
                            .statusCode())
                    .isEqualTo(200);
            HttpResponse<String> plain = client.get(URI.create(ping.toString().replace("https:", "http:")));
            assertThat(plain.statusCode()).isEqualTo(403);
            assertThat(JSON.readTree(plain.body()).path("status").asText())
                    .isEqualTo("This TorchServe instance only accepts HTTPS requests");
        }
    }

    private static void keytool(Path keystore) throws Exception {
        int exit = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "keytool")
                                .toString(),
                        "-genkeypair",
                        "-keyalg",
                        "RSA",
                        "-keysize",
                        "2048",
                        "-alias",
                        "sluice",
                        "-dname",
                        "CN=localhost",
                        "-ext",
                        "san=ip:127.0.0.1,dns:localhost",
                        "-storetype",
                        "PKCS12",
                        "-storepass",
                        "changeit",
                        "-keystore",
                        keystore.toString())
                .inheritIO()
                .start()
                .waitFor();
        assertThat(exit).isZero();
    }

    private static Key key(KeyStore keys) throws Exception {
        return keys.getKey("sluice", "changeit".toCharArray());
    }

    private static Certificate certificate(KeyStore keys) throws Exception {
        return keys.getCertificate("sluice");
    }

    private Path pem(String kind, byte[] content) throws IOException {
        String text = Base64.getMimeEncoder(64, "\n".getBytes(ISO_8859_1)).encodeToString(content);
        return Files.writeString(
                folder.resolve(kind.replace(' ', '-') + ".pem"),
                "-----BEGIN " + kind + "-----\n" + text + "\n-----END " + kind + "-----\n");
    }

    private static HttpClient trusting(KeyStore keys) throws Exception {
        KeyStore trusted = KeyStore.getInstance("PKCS12");
        trusted.load(null, null);
        trusted.setCertificateEntry("sluice", certificate(keys));
        TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(trusted);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, trust.getTrustManagers(), null);
        return HttpClient.newBuilder().sslContext(context).build();
    }

    @Test
    @Row(67)
    void putsTheHeadersForBrowsersOnEveryResponse() throws Exception {
        SluiceServer server = open(
                "--set",
                "cors_allowed_origin=https://app.example",
                "--set",
                "cors_allowed_methods=GET, POST",
                "--set",
                "cors_allowed_headers=X-Custom");

        for (URI uri : List.of(server.inference("/ping"), server.inference("/nope"), server.management("/models"))) {
            HttpResponse<String> answer = client.get(uri);
            assertThat(answer.headers().firstValue("access-control-allow-origin"))
                    .contains("https://app.example");
            assertThat(answer.headers().firstValue("access-control-allow-methods"))
                    .contains("GET, POST");
            assertThat(answer.headers().firstValue("access-control-allow-headers"))
                    .contains("X-Custom");
        }
    }

    @Test
    @Row(68)
    void listensOnAUnixSocket() throws Exception {
        Path socket = folder.resolve("i.sock");
        SluiceServer server = open("--set", "inference_address=unix:" + socket);

        try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            assertThat(channel.connect(UnixDomainSocketAddress.of(socket))).isTrue();
            int unused = channel.write(
                    ByteBuffer.wrap("GET /ping HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n".getBytes(ISO_8859_1)));
            String answer = new String(Channels.newInputStream(channel).readAllBytes(), UTF_8);
            assertThat(answer).startsWith("HTTP/1.1 200 OK").endsWith("\"Healthy\"\n}\n");
        }
        server.terminate();
        assertThat(server.awaitExit()).isZero();
        assertThat(socket).doesNotExist();
    }

    @Test
    @Row(34)
    void doesNotOverwriteADownloadedFile() throws Exception {
        Path elsewhere = Files.createDirectory(folder.resolve("elsewhere"));
        Path remote = Probe.pack(elsewhere, "remote", "1.0", "");
        SluiceServer server = open("--enable-model-api", "--set", "allowed_urls=file://.*");
        String path = "/models?url=" + remote.toUri();

        assertThat(client.post(server.management(path), new byte[0]).statusCode())
                .isEqualTo(200);
        HttpResponse<String> again = client.post(server.management(path), new byte[0]);
        assertThat(again.statusCode()).isEqualTo(500);
        assertThat(again.body())
                .contains("Model file already exists remote.mar")
                .doesNotContain(store.toString());
    }

    @Test
    @Row(35)
    void saysThatADownloadFailed() throws Exception {
        SluiceServer server = open(
                "--enable-model-api", "--set", "allowed_urls=http://127.*", "--set", "allow_private_addresses=true");
        String url = "http://127.0.0.1:" + freePort() + "/x.mar";
        HttpResponse<String> answer = client.post(server.management("/models?url=" + url), new byte[0]);

        assertThat(answer.statusCode()).isEqualTo(400);
        assertThat(JSON.readTree(answer.body()).path("type").asText()).isEqualTo("DownloadArchiveException");
        assertThat(JSON.readTree(answer.body()).path("message").asText())
                .startsWith("Failed to download archive from: " + url);
    }

    @Test
    @Row(89)
    void refusesArchivesThatEscapeGadgetsAndAddressesOfTheCloud() throws Exception {
        try (ZipOutputStream mar = new ZipOutputStream(Files.newOutputStream(store.resolve("slip.mar")))) {
            Probe.put(
                    mar,
                    "MAR-INF/MANIFEST.json",
                    "{\"model\":{\"modelName\":\"slip\",\"handler\":\"x\"}}".getBytes(UTF_8));
            Probe.put(mar, "../../slipped", "x".getBytes(UTF_8));
        }
        Probe.pack(store, "gadget", "1.0", "minWorkers: !!javax.script.ScriptEngineManager [1]\n");
        HttpServer redirecting = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        redirecting.createContext("/", exchange -> {
            exchange.getResponseHeaders().set("Location", "http://169.254.169.254/latest/meta-data");
            exchange.sendResponseHeaders(302, -1);
            exchange.close();
        });
        redirecting.start();
        try {
            SluiceServer server = open(
                    "--enable-model-api", "--set", "allowed_urls=http://.*", "--set", "allow_private_addresses=false");
            int port = redirecting.getAddress().getPort();
            for (String url : List.of(
                    "slip.mar",
                    "gadget.mar",
                    "http://169.254.169.254/latest/meta-data",
                    "http://127.0.0.1:" + port + "/elsewhere.mar")) {
                HttpResponse<String> answer = client.post(server.management("/models?url=" + url), new byte[0]);
                assertThat(answer.statusCode()).as(url + ": " + answer.body()).isBetween(400, 499);
            }
            assertThat(folder.resolve("slipped")).doesNotExist();
        } finally {
            redirecting.stop(0);
        }
    }

    @Test
    @Row(69)
    void servesEveryFormOfAnArchive() throws Exception {
        Path manifested = store.resolve("m.mar");
        Path directory = Files.createDirectory(store.resolve("folder"));
        int unzipped = new ProcessBuilder("python3", "-m", "zipfile", "-e", "" + manifested, "" + directory)
                .inheritIO()
                .start()
                .waitFor();
        int packed = new ProcessBuilder("tar", "-czf", "" + store.resolve("tarred.tar.gz"), "-C", "" + store, "folder")
                .inheritIO()
                .start()
                .waitFor();
        assertThat(List.of(unzipped, packed)).containsOnly(0);
        Path bare = Files.createDirectory(store.resolve("bare"));
        Files.copy(Distribution.models().resolve("small/double.onnx"), bare.resolve("model.onnx"));
        SluiceServer server = open("--enable-model-api");

        for (String item :
                List.of("url=m.mar", "url=folder&model_name=b", "url=tarred.tar.gz&model_name=c", "url=bare")) {
            HttpResponse<String> answer =
                    client.post(server.management("/models?initial_workers=1&" + item), new byte[0]);
            assertThat(answer.statusCode()).as(item + ": " + answer.body()).isEqualTo(200);
        }
        for (String model : List.of("m", "b", "c")) {
            assertThat(client.get(server.inference("/predictions/" + model)).statusCode())
                    .isEqualTo(200);
        }
    }

    @Test
    @Row({51, 52})
    void showsTheMetricsOfHandlersThatAreDeclaredOrAllIfTold() throws Exception {
        Path declared = Files.writeString(folder.resolve("metrics.yaml"), """
                ts_metrics:
                  counter: []
                model_metrics:
                  counter:
                    - name: Declared
                      unit: count
                      dimensions: [ModelName, Level]
                """);
        for (boolean detects : List.of(false, true)) {
            SluiceServer server = open(
                    "--models",
                    "m.mar",
                    "--set",
                    "metrics_mode=prometheus",
                    "--set",
                    "metrics_config=" + declared,
                    "--set",
                    "model_metrics_auto_detect=" + detects);
            for (String metric : List.of("Declared", "Undeclared")) {
                assertThat(get(server.inference("/predictions/m"), "probe", "count " + metric)
                                .statusCode())
                        .isEqualTo(200);
            }
            String page = client.get(server.metrics("/metrics")).body();

            assertThat(page).containsPattern("Declared\\{ModelName=\"m\",Level=\"Model\",Hostname=\"[^\"]+\",} 1\\.0");
            assertThat(page.contains("Undeclared{")).isEqualTo(detects);
        }
    }

    @Test
    @Row({70, 90})
    void followsTheModelsOwnConfiguration() throws Exception {
        Probe.pack(store, "y", "1.0", """
                minWorkers: 1
                maxWorkers: 2
                batchSize: 3
                maxBatchDelay: 40
                responseTimeout: 50
                startupTimeout: 60
                clientTimeoutInMills: 7000
                jobQueueSize: 8
                deviceType: cpu
                """);
        SluiceServer server = open("--models", "y.mar");
        JsonNode model =
                JSON.readTree(client.get(server.management("/models/y")).body()).get(0);

        assertThat(List.of(
                        model.path("minWorkers").asInt(),
                        model.path("maxWorkers").asInt(),
                        model.path("batchSize").asInt(),
                        model.path("maxBatchDelay").asInt(),
                        model.path("responseTimeout").asInt(),
                        model.path("startupTimeout").asInt(),
                        model.path("clientTimeoutInMills").asInt(),
                        model.at("/jobQueueStatus/remainingCapacity").asInt()))
                .containsExactly(1, 2, 3, 40, 50, 60, 7000, 8);
        assertThat(model.path("deviceType").asText()).isEqualTo("cpu");
    }
}
