// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.python;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.engine.testing.TrackingAllocator;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.tensor.BufferAllocator;
import java.io.EOFException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class ReplyReaderTest {
    private static final int LIMIT = 100_000;

    private final TrackingAllocator allocator = new TrackingAllocator();

    private ReplyReader reader(byte[] bytes, int pieces) {
        return new ReplyReader(new ByteSource(bytes, pieces), allocator, LIMIT);
    }

    private record Said(String id, String type, int status, String reason, Map<String, String> headers, String body) {}

    @Provide
    Arbitrary<Said> said() {
        Arbitrary<String> text = Arbitraries.strings().ofMaxLength(20);
        Arbitrary<String> body = Arbitraries.strings()
                .alpha()
                .ofMaxLength(30)
                .flatMap(seed -> Arbitraries.of(1, 100, 1500).map(seed::repeat));
        return Combinators.combine(
                        text,
                        text,
                        Arbitraries.integers(),
                        text,
                        Arbitraries.maps(text, text).ofMaxSize(4),
                        body)
                .as(Said::new);
    }

    /** Seen to fail when a text that is the same as the one before was not passed over. */
    @Property(tries = 300)
    void readsWhatWasWritten(@ForAll @Size(max = 6) List<@net.jqwik.api.From("said") Said> said, @ForAll @IntRange(min = 1, max = 40_000) int pieces)
            throws IOException {
        Replies reply = Replies.of(200, "fine");
        said.forEach(each -> reply.prediction(
                each.id(), each.type(), each.status(), each.reason(), each.headers(), utf8(each.body())));
        ReplyReader reader = reader(reply.end(), pieces);
        assertThat(reader.code()).isEqualTo(200);
        List<Said> read = new ArrayList<>();
        Prediction prediction = new Prediction();
        while (reader.next(prediction)) {
            reader.read(prediction);
            read.add(new Said(
                    prediction.id.toString(),
                    prediction.contentType.toString(),
                    prediction.status,
                    prediction.reason.toString(),
                    prediction.headers,
                    new String(prediction.body.toByteArray(), StandardCharsets.UTF_8)));
            prediction.drop();
        }
        assertThat(read)
                .isEqualTo(said.stream().map(ReplyReaderTest::asDecoded).toList());
        assertThat(reader.hasMore()).isFalse();
        allocator.assertAllReleased();
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    /** Halves of characters do not survive being written. */
    private static Said asDecoded(Said each) {
        Map<String, String> headers = new java.util.LinkedHashMap<>();
        each.headers().forEach((name, value) -> headers.put(decoded(name), decoded(value)));
        return new Said(
                decoded(each.id()),
                decoded(each.type()),
                each.status(),
                decoded(each.reason()),
                headers,
                decoded(each.body()));
    }

    private static String decoded(String text) {
        return new String(utf8(text), StandardCharsets.UTF_8);
    }

    private static void readAll(ReplyReader reader) throws IOException {
        int unused = reader.code();
        Prediction prediction = new Prediction();
        while (reader.next(prediction)) {
            reader.read(prediction);
            prediction.drop();
        }
    }

    /** Seen to fail when a body that ended early kept its memory. */
    @Test
    void noticesAnEndAtEachByte() {
        byte[] whole = Replies.of(200, "fine")
                .prediction("r1", "text/plain", 200, "OK", Map.of("a", "b"), utf8("answer"))
                .end();
        for (int length = 0; length < whole.length; length++) {
            byte[] part = Arrays.copyOf(whole, length);
            assertThatThrownBy(() -> readAll(reader(part, 7)))
                    .as("after %d bytes", length)
                    .isInstanceOf(EOFException.class);
            allocator.assertAllReleased();
        }
    }

    @Property(tries = 2000)
    void takesAnyBytesForWhatTheyAre(@ForAll @Size(max = 300) byte[] bytes) {
        try {
            readAll(reader(bytes, 50));
        } catch (IOException e) {
            assertThat(e).isInstanceOfAny(WireException.class, EOFException.class);
        }
        allocator.assertAllReleased();
    }

    /** One byte of a good reply is wrong. */
    @Property(tries = 2000)
    void survivesAWrongByte(@ForAll @IntRange(max = 10_000) int at, @ForAll byte wrong) {
        byte[] bytes = Replies.of(200, "fine")
                .prediction("r1", "text/plain", 200, "OK", Map.of("a", "b", "c", "d"), utf8("answer"))
                .prediction("r2", "", 200, "", Map.of(), utf8("another"))
                .end();
        bytes[at % bytes.length] = wrong;
        try {
            readAll(reader(bytes, 1000));
        } catch (IOException e) {
            assertThat(e).isInstanceOfAny(WireException.class, EOFException.class);
        }
        allocator.assertAllReleased();
    }

    private void refuses(byte[] bytes, String why) {
        assertThatThrownBy(() -> readAll(reader(bytes, Integer.MAX_VALUE)))
                .isInstanceOf(WireException.class)
                .hasMessage(why);
    }

    @Test
    void saysWhatIsWrong() {
        refuses(Replies.of(0, "").end(), "code of a reply: 0 (expected: 1..9999)");
        refuses(
                Replies.of(200, "").text("r1").number(-2).end(), "length of a content type: -2 (expected: 0..100000)");
        refuses(
                Replies.of(200, "").text("r1").text("").number(200).text("").number(1001).end(),
                "number of headers: 1001 (expected: 0..1000)");
        refuses(
                Replies.of(200, "").text("r1").text("").number(200).text("").number(0).number(100_001).end(),
                "length of a body: 100001 (expected: 0..100000)");
    }

    /** The rest of the reply can still be read; seen to fail when the body was not passed over. */
    @Test
    void passesOverBodiesThereIsNoMemoryFor() throws IOException {
        BufferAllocator full = bytes -> {
            if (bytes > 10) {
                throw new ServingException(ErrorCode.OVERLOADED, "full");
            }
            return allocator.allocate(bytes);
        };
        byte[] bytes = Replies.of(200, "fine")
                .prediction("r1", "", 200, "", Map.of(), new byte[50_000])
                .prediction("r2", "", 200, "", Map.of(), utf8("answer"))
                .end();
        ReplyReader reader = new ReplyReader(new ByteSource(bytes, 3000), full, LIMIT);
        Prediction prediction = new Prediction();
        assertThat(reader.code()).isEqualTo(200);
        assertThat(reader.next(prediction)).isTrue();
        reader.read(prediction);
        assertThat(prediction.body).isNull();
        assertThat(prediction.refusal).hasMessage("full");
        assertThat(reader.next(prediction)).isTrue();
        reader.read(prediction);
        assertThat(prediction.refusal).isNull();
        assertThat(prediction.body.toByteArray()).isEqualTo(utf8("answer"));
        prediction.drop();
        assertThat(reader.next(prediction)).isFalse();
        allocator.assertAllReleased();
    }

    @Test
    void readsTextsThatAreLongerThanItsBuffer() throws IOException {
        String longText = "é".repeat(40_000);
        ReplyReader reader = reader(Replies.of(503, longText).end(), 5000);
        assertThat(reader.code()).isEqualTo(503);
        assertThat(reader.message()).isEqualTo(longText);
        assertThat(reader.next(new Prediction())).isFalse();
    }
}
