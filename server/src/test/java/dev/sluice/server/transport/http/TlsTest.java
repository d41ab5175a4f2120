// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.transport.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.sluice.inference.ServingException;
import dev.sluice.inference.Ticker;
import dev.sluice.server.protocol.AccessControl;
import dev.sluice.server.protocol.Plane;
import dev.sluice.server.transport.tls.TestKeys;
import dev.sluice.server.transport.tls.TlsContext;
import dev.sluice.tensor.MemoryBudget;
import dev.sluice.tensor.MemoryLedger;
import io.netty.buffer.ByteBufAllocator;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@ExtendWith(LeakGuard.class)
class TlsTest {
    @TempDir
    private static Path directory;

    /** Written before all tests. */
    private static SSLContext client;

    /** Written before all tests. */
    private static TlsContext server;

    private final FakeProtocol protocol = new FakeProtocol("fake")
            .echoing("POST", "/echo")
            .echoing("GET", "/echo")
            .holding("GET", "/hold");

    /** Written before each test. */
    private HttpTransport transport;

    @BeforeAll
    static void makeKeys() {
        Path store = TestKeys.store(directory, "EC", "PKCS12");
        client = TestKeys.context(store);
        server = TlsContext.http(TestKeys.material(store, "PKCS12"));
    }

    @BeforeEach
    void start() {
        transport = start(TestTransport.LIMITS);
    }

    @AfterEach
    void close() {
        transport.close();
    }

    private HttpTransport start(HttpLimits limits) {
        HttpTransport started = transportOf(
                limits,
                new ListenerConfig("127.0.0.1", 0, Optional.empty(), Optional.of(server), Set.of(Plane.INFERENCE)));
        started.start();
        return started;
    }

    private HttpTransport transportOf(HttpLimits limits, ListenerConfig... listeners) {
        return new HttpTransport(
                new HttpTransportConfig(List.of(listeners), limits, 2, true),
                List.of(protocol),
                FakeProtocol.errors("unmatched"),
                AccessControl.OPEN,
                Ticker.system(),
                MemoryBudget.unlimited(),
                new MemoryLedger());
    }

    private int port() {
        return transport.address(Plane.INFERENCE).getPort();
    }

    private SSLSocket connect(String... versions) throws IOException {
        SSLSocket socket = (SSLSocket) client.getSocketFactory().createSocket("127.0.0.1", port());
        socket.setSoTimeout(10_000);
        if (versions.length > 0) {
            socket.setEnabledProtocols(versions);
        }
        return socket;
    }

    @ParameterizedTest
    @CsvSource({"TLSv1.2,ECDHE", "TLSv1.3,AES"})
    void answersOverTls(String version, String cipher) throws IOException {
        try (SSLSocket socket = connect(version)) {
            socket.getOutputStream()
                    .write("GET /echo HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"
                            .getBytes(StandardCharsets.US_ASCII));

            String answer = new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);

            assertThat(answer).startsWith("HTTP/1.1 200 OK\r\n").endsWith("GET /echo {} {} ");
            assertThat(socket.getSession().getProtocol()).isEqualTo(version);
            assertThat(socket.getSession().getCipherSuite()).contains(cipher).contains("GCM");
        }
    }

    @Test
    void namesItselfByScheme() {
        assertThat(transport.url(Plane.INFERENCE)).isEqualTo("https://127.0.0.1:" + port());
        assertThat(transport.addresses()).containsExactly("https://127.0.0.1:" + port());
    }

    @Test
    void carriesLargeBodiesOverOneConnection() throws Exception {
        HttpClient http = HttpClient.newBuilder().sslContext(client).build();
        String body = "0123456789abcdef".repeat(60_000);
        for (int i = 0; i < 3; i++) {
            HttpResponse<String> answer = http.send(
                    HttpRequest.newBuilder(URI.create("https://localhost:" + port() + "/echo"))
                            .POST(BodyPublishers.ofString(body))
                            .build(),
                    BodyHandlers.ofString());

            assertThat(answer.body()).isEqualTo("POST /echo {} {} " + body);
        }
        assertThat(transport.connectionCount()).isEqualTo(1);
    }

    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.1", "TLSv1"})
    void refusesOldVersions(String version) throws IOException {
        // The JDK does not speak them either unless it is told to; what counts is that the server's list is the short
        // one.
        SSLEngine engine = server.newHandler(ByteBufAllocator.DEFAULT).engine();
        assertThat(engine.getEnabledProtocols())
                .doesNotContain(version)
                .containsExactlyInAnyOrder("TLSv1.2", "TLSv1.3");
        assertThat(engine.getEnabledCipherSuites()).isNotEmpty().noneMatch(suite -> suite.contains("_CBC_"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"GET /echo", "POST /nowhere"})
    void tellsPlainHttpWhatIsWrong(String line) {
        try (RawClient plain = new RawClient(transport.address(Plane.INFERENCE))) {
            plain.send(line + " HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\n\r\nhello");

            RawClient.Response answer = plain.receive();

            assertThat(answer.status()).isEqualTo(403);
            assertThat(answer.body()).endsWith(" NOT_ENCRYPTED ");
            assertThat(answer.header("connection")).contains("close");
            assertThat(plain.seesEnd()).isTrue();
        }
        await().until(() -> transport.connectionCount() == 0);
    }

    /** Nothing of a plain request may reach an endpoint, whatever else it smuggles. */
    @Test
    void servesNoSecondPlainRequest() {
        try (RawClient plain = new RawClient(transport.address(Plane.INFERENCE))) {
            plain.send("GET /hold HTTP/1.1\r\nhost: x\r\n\r\nGET /hold HTTP/1.1\r\nhost: x\r\n\r\n");

            assertThat(plain.receive().status()).isEqualTo(403);
            assertThat(plain.seesEnd()).isTrue();
        }
        assertThat(protocol.held).isEmpty();
    }

    /** Two lengths, or a length and chunks, are how one request is hidden in another; TLS changes nothing about that. */
    @ParameterizedTest
    @ValueSource(
            strings = {"content-length: 4\r\ncontent-length: 5", "content-length: 4\r\ntransfer-encoding: chunked"})
    void refusesAmbiguousRequests(String headers) throws IOException {
        try (SSLSocket socket = connect()) {
            socket.getOutputStream()
                    .write(("POST /echo HTTP/1.1\r\nhost: x\r\n" + headers
                                    + "\r\n\r\n0\r\n\r\nGET /hold HTTP/1.1\r\nhost: x\r\n\r\n")
                            .getBytes(StandardCharsets.US_ASCII));
            String answer = new String(socket.getInputStream().readNBytes(12), StandardCharsets.US_ASCII);

            assertThat(answer).isIn("HTTP/1.1 400", "HTTP/1.1 200");
        }
        // Where it is answered at all, chunks count, as RFC 9112 wants, and the connection does not live on.
        assertThat(protocol.held.size()).isLessThanOrEqualTo(1);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "160301", "1603010200010001fc0303"})
    void cutsClientsThatDoNotFinishTheHandshake(String begun) throws IOException {
        transport.close();
        transport = start(
                TestTransport.withTimeouts(Duration.ofMillis(300), Duration.ofSeconds(60), Duration.ofSeconds(60)));
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port())) {
            socket.setSoTimeout(10_000);
            socket.getOutputStream().write(HexFormat.of().parseHex(begun));
            socket.getOutputStream().flush();
            InputStream in = socket.getInputStream();

            while (in.read() >= 0) {
                // An alert may come first.
            }
        }
        await().until(() -> transport.connectionCount() == 0);
    }

    @Test
    void cutsClientsThatSpeakSomethingElse() throws IOException {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port())) {
            socket.setSoTimeout(10_000);
            socket.getOutputStream().write(new byte[] {0, 1, 2, 3, 4, 5, 6, 7, 8, 9});
            socket.getOutputStream().flush();

            socket.getInputStream().readAllBytes();
        }
        await().until(() -> transport.connectionCount() == 0);
    }

    @Test
    void refusesHeadersThatAreTooLarge() throws IOException {
        try (SSLSocket socket = connect()) {
            socket.getOutputStream()
                    .write(("GET /echo HTTP/1.1\r\nhost: x\r\nauthorization: Bearer " + "k".repeat(4000) + "\r\n\r\n")
                            .getBytes(StandardCharsets.US_ASCII));

            assertThat(new String(socket.getInputStream().readNBytes(12), StandardCharsets.US_ASCII))
                    .isEqualTo("HTTP/1.1 431");
        }
    }

    @Test
    void drainsOverTls() throws Exception {
        try (SSLSocket socket = connect()) {
            socket.getOutputStream().write("GET /hold HTTP/1.1\r\nhost: x\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
            FakeProtocol.Held request = protocol.held.take();
            var drained = transport.drain(Duration.ZERO, Duration.ofSeconds(30)).toCompletableFuture();

            request.respond("late");

            assertThat(new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
                    .contains("connection: close")
                    .endsWith("late");
            socket.close();
            assertThat(drained.get(30, TimeUnit.SECONDS)).isTrue();
        }
    }

    @Test
    void refusesOnePortForTlsAndPlainText() {
        assertThatThrownBy(() -> transportOf(
                        TestTransport.LIMITS,
                        new ListenerConfig(
                                "127.0.0.1", 9, Optional.empty(), Optional.of(server), Set.of(Plane.INFERENCE)),
                        new ListenerConfig("localhost", 9, Set.of(Plane.MANAGEMENT))))
                .isInstanceOf(ServingException.class)
                .hasMessage("localhost:9 is to speak TLS and plain text (expected: one of them, or two ports)");
    }
}
