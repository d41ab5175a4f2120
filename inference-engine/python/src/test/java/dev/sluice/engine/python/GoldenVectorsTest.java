// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.python;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.engine.testing.TrackingAllocator;
import dev.sluice.inference.InferenceRequest;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** The vectors of spec torchserve, 7.8, which were checked against the original's own codec. */
class GoldenVectorsTest {
    private final TrackingAllocator allocator = new TrackingAllocator();

    private static byte[] hex(String text) {
        return HexFormat.of().parseHex(text.replace(" ", ""));
    }

    private static byte[] written(FrameWriter writer) throws IOException {
        ByteTarget target = new ByteTarget(Integer.MAX_VALUE);
        writer.writeTo(target);
        return target.bytes();
    }

    private ReplyReader reader(byte[] bytes) {
        return new ReplyReader(new ByteSource(bytes, Integer.MAX_VALUE), allocator, 1000);
    }

    /** Seen to fail when the flag came before the envelope. */
    @Test
    void writesLoad() throws IOException {
        FrameWriter writer = new FrameWriter();
        new LoadMessage("noop", "/m", 1, "service.py", -1, Optional.empty(), true).write(writer);
        assertThat(written(writer))
                .isEqualTo(hex("4c 00000004 6e6f6f70 00000002 2f6d 00000001 0000000a 736572766963652e7079 ffffffff"
                        + " 00000000 01"));
    }

    /** Seen to fail without the end of the parts. */
    @Test
    void writesPredict() throws IOException {
        InferenceRequest request =
                Requests.content("r1", Map.of("explain", "False"), "body", "application/json", "{\"a\":1}");
        FrameWriter writer = new FrameWriter();
        RequestEncoder encoder = new RequestEncoder(Side.OWN, Optional.empty(), allocator);
        encoder.begin(writer);
        encoder.put(writer, "r1", request);
        encoder.end(writer);
        assertThat(written(writer))
                .isEqualTo(hex("49 00000002 7231 00000007 6578706c61696e 00000005 46616c7365 ffffffff 00000004 626f6479"
                        + " 00000010 6170706c69636174696f6e2f6a736f6e 00000007 7b2261223a317d ffffffff ffffffff"));
    }

    @Test
    void readsReplyToLoad() throws IOException {
        byte[] bytes = hex("000000c8 00000002 6f6b ffffffff");
        assertThat(Replies.of(200, "ok").end()).isEqualTo(bytes);
        ReplyReader reader = reader(bytes);
        assertThat(reader.code()).isEqualTo(200);
        assertThat(reader.message()).isEqualTo("ok");
        assertThat(reader.next(new Prediction())).isFalse();
        assertThat(reader.hasMore()).isFalse();
    }

    @Test
    void readsReplyToPredict() throws IOException {
        byte[] bytes = hex("000000c8 00000012 50726564696374696f6e2073756363657373 00000002 7231 00000000 000000c8"
                + " 00000000 00000000 0000000c 7b0a20202278223a20310a7d ffffffff");
        byte[] body = "{\n  \"x\": 1\n}".getBytes(StandardCharsets.UTF_8);
        assertThat(Replies.of(200, "Prediction success")
                        .prediction("r1", "", 200, "", Map.of(), body)
                        .end())
                .isEqualTo(bytes);
        Prediction prediction = only(bytes, 200, "Prediction success");
        assertThat(prediction.contentType.isEmpty()).isTrue();
        assertThat(prediction.status).isEqualTo(200);
        assertThat(prediction.headers).isEmpty();
        assertThat(List.of(prediction.body.toByteArray())).containsExactly(body);
        prediction.drop();
        allocator.assertAllReleased();
    }

    private Prediction only(byte[] bytes, int code, String message) throws IOException {
        ReplyReader reader = reader(bytes);
        Prediction prediction = new Prediction();
        assertThat(reader.code()).isEqualTo(code);
        assertThat(reader.message()).isEqualTo(message);
        assertThat(reader.next(prediction)).isTrue();
        assertThat(prediction.id.is("r1")).isTrue();
        reader.read(prediction);
        assertThat(reader.next(new Prediction())).isFalse();
        return prediction;
    }

    @Test
    void readsStreamedPart() throws IOException {
        Prediction prediction = only(
                hex("000000c8 00000001 6d 00000002 7231 00000000 000000c8 00000000 00000001 0000000e"
                        + " 74735f73747265616d5f6e657874 00000004 74727565 00000001 61 ffffffff"),
                200,
                "m");
        assertThat(prediction.takeHasMore()).isTrue();
        assertThat(prediction.headers).isEmpty();
        prediction.drop();
    }

    @Test
    void readsError() throws IOException {
        Prediction prediction = only(
                hex("000001f7 00000011 50726564696374696f6e206661696c6564 00000002 7231 00000000 000001f7 00000000"
                        + " 00000000 00000005 6572726f72 ffffffff"),
                503,
                "Prediction failed");
        assertThat(prediction.status).isEqualTo(503);
        prediction.drop();
    }
}
