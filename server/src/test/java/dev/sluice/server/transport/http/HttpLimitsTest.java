// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.transport.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.server.protocol.Plane;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What happens to clients that want too much, send nonsense, or take their time. */
@ExtendWith(LeakGuard.class)
@Timeout(60)
final class HttpLimitsTest {
    private static final Duration LONG = Duration.ofMinutes(1);
    private static final Duration SHORT = Duration.ofMillis(200);

    private final FakeProtocol protocol =
            new FakeProtocol("fake").echoing("POST", "/echo").holding("POST", "/hold");

    /** Written by the test. */
    private HttpTransport transport = TestTransport.start(protocol);

    @AfterEach
    void stop() {
        transport.close();
    }

    private RawClient client() {
        return new RawClient(transport.address(Plane.INFERENCE));
    }

    private void restart(HttpLimits limits) {
        transport.close();
        transport = TestTransport.start(limits, protocol);
    }

    @Test
    void refusesAnnouncedBodyOverLimitWithoutReadingIt() {
        try (RawClient client = client()) {
            client.send("POST /echo HTTP/1.1\r\ncontent-length: 1048577\r\nexpect: 100-continue\r\n\r\n");

            RawClient.Response response = client.receive();

            assertThat(response.body())
                    .isEqualTo("fake BODY_TOO_LARGE body: 1048577 bytes (expected: at most 1048576)");
            assertThat(response.header("connection")).contains("close");
            assertThat(client.seesEnd()).isTrue();
        }
    }

    @Test
    void refusesChunkedBodyOverLimitWhileClientStillSends() {
        try (RawClient client = client()) {
            client.send("POST /echo HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n");
            String chunk = "10000\r\n" + "x".repeat(1 << 16) + "\r\n";
            for (int i = 0; i < 200; i++) {
                client.send(chunk);
            }

            assertThat(client.receive().status()).isEqualTo(413);
        }
    }

    @Test
    void takesBodyOfExactlyTheLimit() {
        try (RawClient client = client()) {
            client.send("POST /echo HTTP/1.1\r\ncontent-length: 1048576\r\n\r\n" + "x".repeat(1 << 20));

            assertThat(client.receive().status()).isEqualTo(200);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "BODY",
                "GET\r\n\r\n",
                "GET /x HTTP/9.1\r\n\r\n",
                "GET /x HTTP/1.1\r\nno colon\r\n\r\n",
                "GET /x HTTP/1.1\r\na b: c\r\n\r\n",
                "POST /echo HTTP/1.1\r\ncontent-length: -1\r\n\r\n",
                "POST /echo HTTP/1.1\r\ncontent-length: 1e3\r\n\r\n",
                "POST /echo HTTP/1.1\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab",
                "POST /echo HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n"
            })
    void refusesWhatIsNotHttp(String request) {
        try (RawClient client = client()) {
            client.send(request + (request.equals("BODY") ? "\r\n\r\n" : ""));

            RawClient.Response response = client.receive();

            assertThat(response.status()).isEqualTo(400);
            assertThat(response.header("connection")).contains("close");
            assertThat(client.seesEnd()).isTrue();
        }
    }

    @Test
    void refusesLongLineLargeHeadersAndManyHeaders() {
        for (String request : new String[] {
            "GET /" + "x".repeat(1100) + " HTTP/1.1\r\n\r\n",
            "GET /x HTTP/1.1\r\na: " + "x".repeat(2100) + "\r\n\r\n",
            "GET /x HTTP/1.1\r\n" + "a: b\r\n".repeat(21) + "\r\n"
        }) {
            try (RawClient client = client()) {
                client.send(request);

                assertThat(client.receive().status()).isEqualTo(431);
                assertThat(client.seesEnd()).isTrue();
            }
        }
    }

    @Test
    void answersRequestsThatCameBeforeTheBrokenOne() {
        try (RawClient client = client()) {
            client.send("POST /echo HTTP/1.1\r\ncontent-length: 1\r\n\r\naNONSENSE\r\n\r\n");

            assertThat(client.receive().body()).endsWith("a");
            assertThat(client.receive().status()).isEqualTo(400);
        }
    }

    @Test
    void givesUpOnSlowHeaders() {
        restart(TestTransport.withTimeouts(SHORT, LONG, LONG));
        try (RawClient client = client()) {
            client.send("POST /echo HTTP/1.1\r\n");

            RawClient.Response response = client.receive();

            assertThat(response.body()).isEqualTo("unmatched TIMED_OUT headers not complete after 200 ms");
            assertThat(client.seesEnd()).isTrue();
        }
    }

    @Test
    void givesUpOnSlowBody() {
        restart(TestTransport.withTimeouts(LONG, SHORT, LONG));
        try (RawClient client = client()) {
            client.send("POST /echo HTTP/1.1\r\ncontent-length: 100000\r\n\r\nabc");

            assertThat(client.receive().body()).startsWith("fake TIMED_OUT body: 3 bytes in ");
            assertThat(client.seesEnd()).isTrue();
        }
    }

    @Test
    void closesIdleConnectionWithoutAWord() {
        restart(TestTransport.withTimeouts(LONG, LONG, SHORT));
        try (RawClient client = client()) {
            client.send("POST /echo HTTP/1.1\r\ncontent-length: 1\r\n\r\na\r\n");
            assertThat(client.receive().status()).isEqualTo(200);

            assertThat(client.seesEnd()).isTrue();
        }
    }

    @Test
    void leavesClientWhoseAnswerTakesLongInPeace() throws Exception {
        restart(TestTransport.withTimeouts(SHORT, SHORT, SHORT));
        try (RawClient client = client();
                RawClient idle = client()) {
            client.send("POST /hold HTTP/1.1\r\ncontent-length: 1\r\n\r\na");
            FakeProtocol.Held held = protocol.held.poll(10, TimeUnit.SECONDS);
            assertThat(idle.seesEnd()).isTrue();

            held.respond("late");

            assertThat(client.receive().body()).isEqualTo("late");
        }
    }

    @Test
    void countsNoTimeForRequestThatWaitsForAnEarlierAnswer() throws Exception {
        restart(TestTransport.withTimeouts(SHORT, SHORT, LONG));
        try (RawClient client = client();
                RawClient slow = client()) {
            client.send("POST /hold HTTP/1.1\r\ncontent-length: 1\r\n\r\naPOST /echo HTTP/1.1\r\n");
            slow.send("POST ");
            FakeProtocol.Held held = protocol.held.poll(10, TimeUnit.SECONDS);
            assertThat(slow.receive().status()).isEqualTo(408);

            held.respond("first");
            client.send("content-length: 1\r\n\r\nb");

            assertThat(client.receive().body()).isEqualTo("first");
            assertThat(client.receive().body()).endsWith("b");
        }
    }

    @Test
    void refusesConnectionsOverTheLimit() {
        HttpLimits two = new HttpLimits(1024, 1024, 2048, 20, 4, 2, 1024, 0, LONG, LONG, LONG, LONG, LONG, LONG);
        restart(two);
        try (RawClient first = client();
                RawClient second = client()) {
            Awaitility.await().until(() -> transport.connectionCount() == 2);
            try (RawClient third = client()) {
                assertThat(third.seesEnd()).isTrue();
            }
            first.close();
            Awaitility.await().until(() -> transport.connectionCount() == 1);
            try (RawClient fourth = client()) {
                fourth.send("POST /echo HTTP/1.1\r\ncontent-length: 0\r\n\r\n");
                assertThat(fourth.receive().status()).isEqualTo(200);
            }
            assertThat(second).isNotNull();
        }
    }
}
