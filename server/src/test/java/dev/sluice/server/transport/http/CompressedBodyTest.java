// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.transport.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.server.protocol.Plane;
import dev.sluice.tensor.MemoryBudget;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Random;
import java.util.zip.Deflater;
import java.util.zip.DeflaterOutputStream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@ExtendWith(LeakGuard.class)
class CompressedBodyTest {
    private final MemoryBudget budget = new MemoryBudget(8 << 20);

    /** Written before each test. */
    private HttpTransport transport;

    /** Written before each test. */
    private RawClient client;

    @BeforeEach
    void start() {
        transport =
                TestTransport.start(TestTransport.LIMITS, budget, new FakeProtocol("fake").echoing("POST", "/echo"));
        client = new RawClient(transport.address(Plane.INFERENCE));
    }

    @AfterEach
    void close() {
        client.close();
        transport.close();
        assertThat(budget.reserved()).isZero();
    }

    private void post(String encoding, byte[] body) {
        client.send("POST /echo HTTP/1.1\r\nhost: x\r\ncontent-encoding: " + encoding + "\r\ncontent-length: "
                + body.length + "\r\n\r\n");
        client.send(body);
    }

    private static byte[] compressed(String form, byte[] content) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (OutputStream out = switch (form) {
            case "gzip" -> new GZIPOutputStream(bytes);
            case "zlib" -> new DeflaterOutputStream(bytes);
            default -> new DeflaterOutputStream(bytes, new Deflater(Deflater.DEFAULT_COMPRESSION, true));
        }) {
            out.write(content);
        }
        return bytes.toByteArray();
    }

    @ParameterizedTest
    @CsvSource({"gzip,gzip", "X-GZip,gzip", "deflate,zlib", "deflate,raw"})
    void expandsWhatIsCompressed(String encoding, String form) throws IOException {
        byte[] content = new byte[200_000];
        Random random = new Random(1);
        for (int i = 0; i < content.length; i++) {
            content[i] = (byte) ('a' + random.nextInt(26));
        }
        for (int i = 0; i < 2; i++) {
            post(encoding, compressed(form, content));

            assertThat(client.receive().body())
                    .isEqualTo("POST /echo {} {} " + new String(content, StandardCharsets.US_ASCII));
        }
    }

    @Test
    void takesCompressedChunks() throws IOException {
        byte[] body = compressed("gzip", "hello".getBytes(StandardCharsets.US_ASCII));
        client.send("POST /echo HTTP/1.1\r\nhost: x\r\ncontent-encoding: gzip\r\ntransfer-encoding: chunked\r\n\r\n");
        for (byte one : body) {
            client.send("1\r\n");
            client.send(new byte[] {one});
            client.send("\r\n");
        }
        client.send("0\r\n\r\n");

        assertThat(client.receive().body()).isEqualTo("POST /echo {} {} hello");
    }

    /** 64 MiB of zeros in 64 KiB. */
    @ParameterizedTest
    @ValueSource(strings = {"gzip", "zlib"})
    void refusesBodiesThatGrowTooLarge(String form) throws IOException {
        byte[] bomb = compressed(form, new byte[64 << 20]);
        assertThat(bomb.length).isLessThan(100_000);

        post(form.equals("gzip") ? "gzip" : "deflate", bomb);

        assertThat(client.receive().status()).isEqualTo(413);
    }

    @ParameterizedTest
    @ValueSource(strings = {"br", "zstd", "gzip, gzip", "compress", ""})
    void refusesOtherEncodings(String encoding) {
        post(encoding, new byte[] {1, 2, 3});

        RawClient.Response answer = client.receive();

        assertThat(answer.status()).isEqualTo(415);
        assertThat(answer.body())
                .endsWith("UNSUPPORTED_ENCODING content-encoding: " + encoding
                        + " (expected: gzip, deflate or identity)");
    }

    @Test
    void refusesWhatIsNotCompressedAsItSays() {
        post("gzip", "hello, world".getBytes(StandardCharsets.US_ASCII));

        assertThat(client.receive().status()).isEqualTo(400);
    }

    @Test
    void refusesContentThatIsCutOff() throws IOException {
        byte[] whole = compressed("gzip", new byte[1000]);

        post("gzip", Arrays.copyOf(whole, whole.length - 9));

        RawClient.Response answer = client.receive();
        assertThat(answer.status()).isEqualTo(400);
        assertThat(answer.body()).endsWith("body: ends before its compressed content does");
    }

    @Test
    void leavesIdentityAlone() {
        post("identity", "hello".getBytes(StandardCharsets.US_ASCII));

        assertThat(client.receive().body()).isEqualTo("POST /echo {} {} hello");
    }
}
