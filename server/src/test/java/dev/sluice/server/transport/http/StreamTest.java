// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.transport.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.server.protocol.Plane;
import dev.sluice.server.protocol.RestResponder;
import dev.sluice.tensor.DataBuffer;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LeakGuard.class)
@Timeout(60)
final class StreamTest {
    private final FakeProtocol protocol =
            new FakeProtocol("fake").holding("GET", "/hold").holding("HEAD", "/hold");

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

    private RestResponder heldAfter(String request) throws Exception {
        client.send(request);
        return protocol.held.poll(10, TimeUnit.SECONDS).responder();
    }

    private static DataBuffer bytes(String text) {
        return DataBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
    }

    private static void stream(RestResponder responder) {
        responder.startStream(FakeProtocol.text(200, "one "));
        responder.chunk(bytes("two "));
        responder.chunk(bytes(""));
        responder.chunk(bytes("three"));
        responder.endStream();
    }

    @Test
    void sendsChunksAndKeepsConnection() throws Exception {
        for (int i = 0; i < 2; i++) {
            stream(heldAfter("GET /hold HTTP/1.1\r\n\r\n"));

            RawClient.Response response = client.receive();

            assertThat(response.header("transfer-encoding")).contains("chunked");
            assertThat(response.header("content-length")).isEmpty();
            assertThat(response.body()).isEqualTo("one two three");
        }
    }

    @Test
    void sendsOldClientBytesUpToTheEndOfTheConnection() throws Exception {
        stream(heldAfter("GET /hold HTTP/1.0\r\nconnection: keep-alive\r\n\r\n"));

        RawClient.Response response = client.receive();

        assertThat(response.header("transfer-encoding")).isEmpty();
        assertThat(response.header("connection")).contains("close");
        assertThat(response.body()).isEqualTo("one two three");
    }

    @Test
    void sendsOnlyTheHeadToHead() throws Exception {
        stream(heldAfter("HEAD /hold HTTP/1.1\r\n\r\n"));
        assertThat(client.receive(true).status()).isEqualTo(200);

        heldAfter("GET /hold HTTP/1.1\r\n\r\n").respond(FakeProtocol.text(200, "next"));
        assertThat(client.receive().body()).isEqualTo("next");
    }

    @Test
    void showsThatAbortedStreamIsNotWhole() throws Exception {
        RestResponder responder = heldAfter("GET /hold HTTP/1.1\r\n\r\n");
        responder.startStream(FakeProtocol.text(200, "one "));
        responder.abortStream();

        assertThatThrownBy(client::receive)
                .isInstanceOf(UncheckedIOException.class)
                .hasMessageContaining("broken off");
    }

    @Test
    void breaksStreamOffWhenClientDoesNotReadAndFreesEveryChunk() throws Exception {
        RestResponder responder = heldAfter("GET /hold HTTP/1.1\r\n\r\n");
        responder.startStream(FakeProtocol.text(200, "one "));
        List<DataBuffer> chunks = new ArrayList<>();
        for (int i = 0; i < 400; i++) {
            DataBuffer chunk = DataBuffer.wrap(new byte[1 << 16]);
            chunks.add(chunk);
            responder.chunk(chunk);
        }
        responder.endStream();

        Awaitility.await().until(() -> transport.connectionCount() == 0);
        Awaitility.await().until(() -> chunks.stream().allMatch(chunk -> chunk.references() == 0));
    }

    @Test
    void freesChunksThatComeAfterTheClientHasGone() throws Exception {
        RestResponder responder = heldAfter("GET /hold HTTP/1.1\r\n\r\n");
        responder.startStream(FakeProtocol.text(200, "one "));
        client.close();
        Awaitility.await().until(() -> transport.connectionCount() == 0);

        DataBuffer late = bytes("late");
        responder.chunk(late);

        Awaitility.await().until(() -> late.references() == 0);
    }

    @Test
    void freesAnswerThatComesAfterClose() throws Exception {
        RestResponder responder = heldAfter("GET /hold HTTP/1.1\r\n\r\n");
        transport.close();

        DataBuffer late = bytes("late");
        responder.chunk(late);

        Awaitility.await().until(() -> late.references() == 0);
    }
}
