// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.transport.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.inference.Ticker;
import dev.sluice.server.protocol.AccessControl;
import dev.sluice.server.protocol.Plane;
import dev.sluice.server.protocol.RestResponse;
import dev.sluice.tensor.DataBuffer;
import dev.sluice.tensor.MemoryBudget;
import dev.sluice.tensor.MemoryLedger;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@ExtendWith(LeakGuard.class)
@Timeout(60)
final class HttpTransportTest {
    private final FakeProtocol protocol = new FakeProtocol("fake")
            .echoing("GET", "/echo/{rest...}")
            .echoing("POST", "/echo")
            .echoing("HEAD", "/echo")
            .holding("POST", "/hold")
            .with("GET", "/empty", (request, responder) -> {
                request.body().release();
                responder.respond(new RestResponse(204, List.of(), DataBuffer.wrap(new byte[0])));
            })
            .with("GET", "/throws", (request, responder) -> {
                request.body().release();
                throw new IllegalStateException("secret detail");
            })
            .with("GET", "/refuses", (request, responder) -> {
                request.body().release();
                throw new ServingException(ErrorCode.OVERLOADED, "full");
            })
            .with("GET", "/twice", (request, responder) -> {
                request.body().release();
                responder.respond(FakeProtocol.text(200, "first"));
                responder.respond(FakeProtocol.text(200, "second"));
            })
            .with("GET", "/badheader", (request, responder) -> {
                request.body().release();
                responder.respond(
                        new RestResponse(200, List.of(Map.entry("x", "a\r\nb: c")), DataBuffer.wrap(new byte[] {1})));
            });

    private HttpTransport transport;
    private RawClient client;

    @BeforeEach
    void start() {
        transport = TestTransport.start(protocol);
        client = new RawClient(transport.address(Plane.INFERENCE));
    }

    @AfterEach
    void stop() {
        client.close();
        transport.close();
    }

    @Test
    void answersGetWithRoutedParameters() {
        client.send("GET /echo/a%2Fb/c/?x=1&x=%C3%A9&y= HTTP/1.1\r\nhost: h\r\n\r\n");

        RawClient.Response response = client.receive();

        assertThat(response.status()).isEqualTo(200);
        assertThat(response.body()).isEqualTo("GET /echo/a/b/c/ {rest=a/b/c} {x=[1, é], y=[]} ");
        assertThat(response.header("connection")).contains("keep-alive");
    }

    @Test
    void answersPostThatArrivesByteByByte() {
        String request = "POST /echo HTTP/1.1\r\nhost: h\r\ncontent-length: 5\r\n\r\nhello";
        for (int i = 0; i < request.length(); i++) {
            client.send(request.substring(i, i + 1));
        }

        assertThat(client.receive().body()).isEqualTo("POST /echo {} {} hello");
    }

    @Test
    void answersRequestSplitAtEveryPosition() {
        String request =
                "POST /echo HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n";
        for (int i = 1; i < request.length(); i++) {
            client.send(request.substring(0, i));
            client.send(request.substring(i));

            assertThat(client.receive().body()).as("split at %d", i).isEqualTo("POST /echo {} {} hello");
        }
    }

    @Test
    void handsOverLargeBodyWhole() {
        String body = "0123456789abcdef".repeat(1 << 16);
        client.send("POST /echo HTTP/1.1\r\ncontent-length: " + body.length() + "\r\n\r\n" + body);

        assertThat(client.receive().body()).isEqualTo("POST /echo {} {} " + body);
    }

    @Test
    void answersPipelinedRequestsInOrderWhateverTheirNumber() {
        StringBuilder requests = new StringBuilder();
        for (int i = 0; i < 100; i++) {
            requests.append("GET /echo/").append(i).append(" HTTP/1.1\r\n\r\n");
        }
        client.send(requests.toString());

        for (int i = 0; i < 100; i++) {
            assertThat(client.receive().body()).startsWith("GET /echo/" + i + " ");
        }
    }

    @Test
    void startsPipelinedRequestOnlyAfterAnswerToTheOneBefore() throws Exception {
        String request = "POST /hold HTTP/1.1\r\ncontent-length: 1\r\n\r\n";
        for (int i = 0; i < 9; i++) {
            client.send(request + i);
        }

        for (int i = 0; i < 9; i++) {
            FakeProtocol.Held held = protocol.held.poll(10, TimeUnit.SECONDS);
            assertThat(held.body()).isEqualTo("" + i);
            assertThat(protocol.held).isEmpty();
            held.respond("answer " + i);
            assertThat(client.receive().body()).isEqualTo("answer " + i);
        }
    }

    @Test
    void cancelsRequestWhoseClientGoesAway() throws Exception {
        client.send("POST /hold HTTP/1.1\r\ncontent-length: 0\r\n\r\n");
        FakeProtocol.Held held = protocol.held.poll(10, TimeUnit.SECONDS);
        assertThat(held.request().cancellation().isCancelled()).isFalse();

        client.close();

        Awaitility.await().until(() -> held.request().cancellation().isCancelled());
        DataBuffer late = DataBuffer.wrap(new byte[] {1});
        held.responder().respond(new RestResponse(200, List.of(), late));
        Awaitility.await().until(() -> late.references() == 0);
    }

    @Test
    void freesWhatWasReadWhenClientGoesAwayMidBody() {
        client.send("POST /echo HTTP/1.1\r\ncontent-length: 500000\r\n\r\n" + "x".repeat(200_000));

        client.close();

        Awaitility.await().until(() -> transport.connectionCount() == 0);
    }

    @Test
    void releasesBodyOfAnswerOnceItIsWritten() throws Exception {
        client.send("POST /hold HTTP/1.1\r\ncontent-length: 0\r\n\r\n");
        DataBuffer body = DataBuffer.wrap("x".getBytes(StandardCharsets.UTF_8));

        protocol.held.poll(10, TimeUnit.SECONDS).responder().respond(new RestResponse(200, List.of(), body));

        assertThat(client.receive().body()).isEqualTo("x");
        Awaitility.await().until(() -> body.references() == 0);
    }

    @Test
    void keepsConnectionAfterUnknownPathAndOtherMethod() {
        client.send("GET /nope HTTP/1.1\r\n\r\nDELETE /echo HTTP/1.1\r\n\r\nGET /echo/%zz HTTP/1.1\r\n\r\n");
        client.send("GET /echo/x HTTP/1.1\r\n\r\n");

        assertThat(client.receive().body()).isEqualTo("unmatched UNKNOWN_PATH /nope");
        assertThat(client.receive().body()).isEqualTo("fake METHOD_NOT_ALLOWED DELETE /echo");
        assertThat(client.receive().body()).startsWith("unmatched MALFORMED ");
        assertThat(client.receive().status()).isEqualTo(200);
    }

    @Test
    void answersInProtocolsShapeWhenEndpointThrows() {
        client.send("GET /throws HTTP/1.1\r\n\r\nGET /refuses HTTP/1.1\r\n\r\nGET /twice HTTP/1.1\r\n\r\n");
        client.send("GET /echo/x HTTP/1.1\r\n\r\n");

        assertThat(client.receive().body()).startsWith("fake INTERNAL ").doesNotContain("secret");
        assertThat(client.receive().body()).isEqualTo("fake OVERLOADED full");
        assertThat(client.receive().body()).isEqualTo("first");
        assertThat(client.receive().body()).startsWith("GET /echo/x");
    }

    @Test
    void answersBareErrorWhenHeaderWouldSplitResponse() {
        client.send("GET /badheader HTTP/1.1\r\n\r\n");

        RawClient.Response response = client.receive();

        assertThat(response.status()).isEqualTo(500);
        assertThat(response.headers()).noneMatch(header -> header.startsWith("b:"));
        assertThat(client.seesEnd()).isTrue();
    }

    @Test
    void framesHeadAndNoContentWithoutBody() {
        client.send("HEAD /echo HTTP/1.1\r\n\r\nGET /empty HTTP/1.1\r\n\r\nGET /echo/x HTTP/1.1\r\n\r\n");

        RawClient.Response head = client.receive(true);
        assertThat(head.header("content-length")).contains("17");
        RawClient.Response empty = client.receive();
        assertThat(empty.status()).isEqualTo(204);
        assertThat(empty.header("content-length")).isEmpty();
        assertThat(client.receive().body()).startsWith("GET /echo/x");
    }

    @ParameterizedTest
    @ValueSource(strings = {"GET /echo/x HTTP/1.0\r\n\r\n", "GET /echo/x HTTP/1.1\r\nconnection: close\r\n\r\n"})
    void closesWhenClientDoesNotWantToGoOn(String request) {
        client.send(request);

        assertThat(client.receive().header("connection")).contains("close");
        assertThat(client.seesEnd()).isTrue();
    }

    @Test
    void keepsOldClientConnectedWhenItAsksForThat() {
        for (int i = 0; i < 3; i++) {
            client.send("GET /echo/x HTTP/1.0\r\nconnection: keep-alive\r\n\r\n");
            assertThat(client.receive().header("connection")).contains("keep-alive");
        }
    }

    @Test
    void toleratesEmptyLineAfterBody() {
        for (int i = 0; i < 3; i++) {
            client.send("POST /echo HTTP/1.1\r\ncontent-length: 2\r\n\r\nab\r\n");
            assertThat(client.receive().body()).endsWith("ab");
        }
    }

    @Test
    void servesJdkClientIncludingExpectContinue() throws Exception {
        URI uri = URI.create(
                "http://127.0.0.1:" + transport.address(Plane.INFERENCE).getPort() + "/echo");
        HttpRequest request = HttpRequest.newBuilder(uri)
                .expectContinue(true)
                .POST(HttpRequest.BodyPublishers.ofString("x".repeat(100_000)))
                .build();

        HttpResponse<String> response = HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .build()
                .send(request, HttpResponse.BodyHandlers.ofString());

        assertThat(response.body()).endsWith("x".repeat(100_000));
    }

    @Test
    void mergesListenersOfOneAddress() throws Exception {
        int port;
        try (java.net.ServerSocket free = new java.net.ServerSocket(0)) {
            port = free.getLocalPort();
        }
        FakeProtocol both = new FakeProtocol("both")
                .echoing("GET", "/a")
                .with(Plane.MANAGEMENT, Set.of("GET"), "/b", (request, responder) -> {
                    request.body().release();
                    responder.respond(FakeProtocol.text(200, "b"));
                });
        List<ListenerConfig> listeners = List.of(
                new ListenerConfig("127.0.0.1", port, Set.of(Plane.INFERENCE)),
                new ListenerConfig("localhost", port, Set.of(Plane.MANAGEMENT)));

        try (HttpTransport merged = new HttpTransport(
                new HttpTransportConfig(listeners, TestTransport.LIMITS, 1, false),
                List.of(both),
                FakeProtocol.errors("unmatched"),
                AccessControl.OPEN,
                Ticker.system(),
                MemoryBudget.unlimited(),
                new MemoryLedger())) {
            merged.start();

            assertThat(merged.addresses()).hasSize(1);
            try (RawClient mergedClient = new RawClient(merged.address(Plane.MANAGEMENT))) {
                mergedClient.send("GET /a HTTP/1.1\r\n\r\nGET /b HTTP/1.1\r\n\r\n");
                assertThat(mergedClient.receive().body()).startsWith("GET /a");
                assertThat(mergedClient.receive().body()).isEqualTo("b");
            }
        }
    }

    @Test
    void namesAddressItCannotListenOn() {
        int taken = transport.address(Plane.INFERENCE).getPort();
        HttpTransport second = new HttpTransport(
                new HttpTransportConfig(
                        List.of(new ListenerConfig("127.0.0.1", taken, Set.of(Plane.INFERENCE))),
                        TestTransport.LIMITS,
                        1,
                        true),
                List.of(),
                FakeProtocol.errors("unmatched"),
                AccessControl.OPEN,
                Ticker.system(),
                MemoryBudget.unlimited(),
                new MemoryLedger());

        assertThatThrownBy(second::start)
                .isInstanceOf(ServingException.class)
                .hasMessageContaining("Cannot listen on 127.0.0.1:" + taken);
    }
}
