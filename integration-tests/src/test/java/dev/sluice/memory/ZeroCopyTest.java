// SPDX-License-Identifier: Apache-2.0
package dev.sluice.memory;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.tensor.CopyReason;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * The copies between a socket and ONNX Runtime. Seen to fail when the body is copied in {@code RequestBody}, when {@code
 * InputBuffer} gathers a lone row, and when {@code NativeInput} copies always.
 */
@Timeout(120)
final class ZeroCopyTest {
    private static final int PIXELS = 64;

    /** A closed batch: the second request fills it, and nothing else runs it within the test's patience. */
    private static final int BATCH = 2;

    @TempDir
    Path directory;

    /** Written by the test. */
    private DigitsServer server = DigitsServer.none();

    @AfterEach
    void everythingIsGivenBack() {
        Awaitility.await().untilAsserted(() -> assertThat(server.reserved()).isZero());
        server.close();
        assertThat(server.leaks()).isZero();
    }

    @Test
    void aLoneAlignedTensorIsReadByTheEngineFromTheSocketsBuffer() throws Exception {
        server = DigitsServer.start(directory, 1);
        String expected = server.ask(json());

        assertThat(server.ask(binary(0))).isEqualTo(expected);

        for (CopyReason reason : CopyReason.values()) {
            assertThat(server.copies(reason)).as("copies for " + reason).isZero();
        }
    }

    @Test
    void aLoneTensorAtAnOddAddressIsCopiedOnce() throws Exception {
        server = DigitsServer.start(directory, 1);
        String expected = server.ask(json());

        assertThat(server.ask(binary(1))).isEqualTo(expected);

        assertThat(server.copies(CopyReason.UNALIGNED)).isOne();
        assertThat(server.copies(CopyReason.MULTI)).isZero();
    }

    @Test
    void aBatchOfSeveralIsCopiedTogetherOnce() throws Exception {
        server = DigitsServer.start(directory, BATCH);
        ExecutorService clients = Executors.newFixedThreadPool(BATCH);
        try {
            List<Future<String>> answers = new ArrayList<>();
            for (int i = 0; i < BATCH; i++) {
                int offset = i;
                answers.add(clients.submit(() -> server.ask(binary(offset))));
            }
            String first = answers.get(0).get(60, TimeUnit.SECONDS);
            assertThat(answers.get(1).get(60, TimeUnit.SECONDS)).isEqualTo(first);
        } finally {
            clients.shutdownNow();
        }

        assertThat(server.copies(CopyReason.MULTI)).isOne();
        for (CopyReason other : List.of(CopyReason.UNALIGNED, CopyReason.HEAP, CopyReason.ENDIAN, CopyReason.PIECES)) {
            assertThat(server.copies(other)).as("copies for " + other).isZero();
        }
    }

    /** A request whose body begins {@code offset} bytes after a multiple of 64, in a buffer that begins at one. */
    private static byte[] binary(int offset) {
        String head = head("application/octet-stream", PIXELS * Float.BYTES);
        int padding = Math.floorMod(offset - head.length() - "x-pad: \r\n\r\n".length(), 64);
        ByteBuffer request = ByteBuffer.allocate(1024).order(ByteOrder.LITTLE_ENDIAN);
        request.put((head + "x-pad: " + "x".repeat(padding) + "\r\n\r\n").getBytes(StandardCharsets.ISO_8859_1));
        for (int i = 0; i < PIXELS; i++) {
            request.putFloat(pixel(i));
        }
        byte[] bytes = new byte[request.position()];
        request.flip().get(bytes);
        return bytes;
    }

    private static byte[] json() {
        StringBuilder rows = new StringBuilder("[[");
        for (int i = 0; i < PIXELS; i++) {
            rows.append(i % 8 == 0 ? (i == 0 ? "[" : "],[") : ",").append(pixel(i));
        }
        String body = rows.append("]]]").toString();
        return (head("application/json", body.length()) + "\r\n" + body).getBytes(StandardCharsets.ISO_8859_1);
    }

    private static float pixel(int i) {
        return (i * 7 % 17) / 8f - 1;
    }

    private static String head(String type, int length) {
        return "POST /predictions/digits HTTP/1.1\r\ncontent-type: " + type + "\r\ncontent-length: " + length + "\r\n";
    }
}
