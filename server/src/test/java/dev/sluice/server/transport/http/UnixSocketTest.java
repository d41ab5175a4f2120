// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.transport.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.inference.ServingException;
import dev.sluice.inference.Ticker;
import dev.sluice.server.protocol.AccessControl;
import dev.sluice.server.protocol.Plane;
import dev.sluice.tensor.MemoryBudget;
import dev.sluice.tensor.MemoryLedger;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@ExtendWith(LeakGuard.class)
class UnixSocketTest {
    @TempDir
    private Path directory;

    private final FakeProtocol protocol = new FakeProtocol("fake")
            .with(Plane.INFERENCE, Set.of("GET"), "/infer", (request, responder) -> {
                request.body().release();
                responder.respond(FakeProtocol.text(200, "inferred"));
            })
            .with(Plane.MANAGEMENT, Set.of("GET"), "/manage", (request, responder) -> {
                request.body().release();
                responder.respond(FakeProtocol.text(200, "managed"));
            });

    private Path file() {
        return directory.resolve("i.sock");
    }

    private HttpTransport start(boolean nativeIo, ListenerConfig... listeners) {
        HttpTransport transport = new HttpTransport(
                new HttpTransportConfig(List.of(listeners), TestTransport.LIMITS, 2, nativeIo),
                List.of(protocol),
                FakeProtocol.errors("unmatched"),
                AccessControl.OPEN,
                Ticker.system(),
                MemoryBudget.unlimited(),
                new MemoryLedger());
        transport.start();
        return transport;
    }

    private HttpTransport start(boolean nativeIo) {
        return start(nativeIo, ListenerConfig.unix(file(), Set.of(Plane.INFERENCE)));
    }

    private String ask(String path) throws IOException {
        try (SocketChannel socket = SocketChannel.open(UnixDomainSocketAddress.of(file()))) {
            socket.write(ByteBuffer.wrap(("GET " + path + " HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
                    .getBytes(StandardCharsets.US_ASCII)));
            return new String(Channels.newInputStream(socket).readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void servesOverASocketForItsUserAlone(boolean nativeIo) throws IOException {
        try (HttpTransport transport = start(nativeIo)) {
            assertThat(ask("/infer")).startsWith("HTTP/1.1 200 OK\r\n").endsWith("inferred");
            assertThat(transport.url(Plane.INFERENCE)).isEqualTo("unix:" + file());
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file())))
                    .isEqualTo("rw-------");
            try (var files = Files.list(directory)) {
                assertThat(files).containsExactly(file());
            }
        }
        assertThat(directory).isEmptyDirectory();
    }

    @Test
    void servesBothPlanesOverOneSocket() throws IOException {
        try (HttpTransport transport = start(
                true,
                ListenerConfig.unix(file(), Set.of(Plane.INFERENCE)),
                ListenerConfig.unix(directory.resolve("./i.sock"), Set.of(Plane.MANAGEMENT)))) {
            assertThat(transport.addresses()).hasSize(1);
            assertThat(ask("/infer")).endsWith("inferred");
            assertThat(ask("/manage")).endsWith("managed");
        }
    }

    @Test
    void replacesTheSocketOfAServerThatDied() throws IOException {
        ServerSocketChannel.open(StandardProtocolFamily.UNIX)
                .bind(UnixDomainSocketAddress.of(file()))
                .close();
        assertThat(file()).exists();

        try (HttpTransport transport = start(true)) {
            assertThat(ask("/infer")).endsWith("inferred");
        }
    }

    @Test
    void leavesTheSocketOfAServerThatLives() throws IOException {
        try (HttpTransport first = start(true)) {
            assertThatThrownBy(() -> start(true))
                    .isInstanceOf(ServingException.class)
                    .hasMessage("Cannot listen on unix:" + file() + ": another server listens there");

            assertThat(ask("/infer")).endsWith("inferred");
        }
    }

    @Test
    void leavesFilesThatAreNoSockets() throws IOException {
        Files.writeString(file(), "precious");

        assertThatThrownBy(() -> start(true))
                .isInstanceOf(ServingException.class)
                .hasMessage("Cannot listen on unix:" + file() + ": a file that is no socket is there");

        assertThat(file()).hasContent("precious");
    }

    @Test
    void leavesWhatHasTakenItsPlace() throws IOException {
        try (HttpTransport transport = start(true)) {
            Files.delete(file());
            Files.writeString(file(), "another's");
        }
        assertThat(file()).hasContent("another's");
    }

    @Test
    void takesNobodyAnyMoreWhenItLeaves() throws Exception {
        try (HttpTransport transport = start(true)) {
            assertThat(transport
                            .drain(Duration.ZERO, Duration.ofSeconds(10))
                            .toCompletableFuture()
                            .get(10, TimeUnit.SECONDS))
                    .isTrue();
            assertThat(file()).doesNotExist();
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "missing/i.sock",
                "a-name-that-is-much-too-long-for-the-system-a-name-that-is-much-too-long-for-the-system-1234567890"
            })
    void saysWhyThereIsNoSocket(String name) {
        Path path = directory.resolve(name);

        assertThatThrownBy(() -> start(true, ListenerConfig.unix(path, Set.of(Plane.INFERENCE))))
                .isInstanceOf(ServingException.class)
                .hasMessageStartingWith("Cannot listen on unix:" + path + ": ");
        assertThat(directory).isEmptyDirectory();
    }
}
