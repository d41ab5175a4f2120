// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.protocol.torchserve.envelope;

import static java.nio.charset.StandardCharsets.UTF_16;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.sluice.inference.Cancellation;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.InferenceRequest;
import dev.sluice.inference.InferenceResponse;
import dev.sluice.inference.Input;
import dev.sluice.inference.Output;
import dev.sluice.inference.RequestContext;
import dev.sluice.inference.ServingException;
import dev.sluice.model.ModelId;
import dev.sluice.model.ModelRef;
import dev.sluice.tensor.BufferAllocator;
import dev.sluice.tensor.DataBuffer;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Any JSON comes through an envelope as it went in; anything else is refused as the caller's fault; and nothing leaks. */
class EnvelopeFuzzTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int ROUNDS = 400;

    private final List<DataBuffer> made = new ArrayList<>();
    private final BufferAllocator allocator =
            bytes -> track(DataBuffer.of(ByteBuffer.allocateDirect(BufferAllocator.checkedSize(bytes)), () -> {}));

    private DataBuffer track(DataBuffer buffer) {
        made.add(buffer);
        return buffer;
    }

    private InferenceRequest request(byte[] body) {
        DataBuffer bytes = track(DataBuffer.of(ByteBuffer.wrap(body), () -> {}));
        return new InferenceRequest(
                ModelRef.of("m"),
                List.of(new Input.OfContent("body", "application/json", bytes)),
                List.of(),
                Map.of(),
                new RequestContext("1", "test", 0, RequestContext.NO_DEADLINE, Map.of(), new Cancellation()));
    }

    private void assertNothingIsHeld() {
        assertThat(made).allMatch(buffer -> buffer.references() == 0);
        made.clear();
    }

    /** Whatever JSON can be, but for {@code b64}. */
    private static JsonNode random(Random random, int depth) {
        return switch (random.nextInt(depth == 0 ? 5 : 7)) {
            case 0 -> JSON.getNodeFactory().numberNode(random.nextInt());
            case 1 -> JSON.getNodeFactory().numberNode(random.nextGaussian());
            case 2 -> JSON.getNodeFactory().booleanNode(random.nextBoolean());
            case 3 -> JSON.getNodeFactory().nullNode();
            case 4 -> JSON.getNodeFactory().textNode(text(random));
            case 5 -> {
                ArrayNode array = JSON.createArrayNode();
                for (int i = random.nextInt(4); i > 0; i--) {
                    array.add(random(random, depth - 1));
                }
                yield array;
            }
            default -> {
                ObjectNode object = JSON.createObjectNode();
                for (int i = random.nextInt(4); i > 0; i--) {
                    object.set("k" + text(random), random(random, depth - 1));
                }
                yield object;
            }
        };
    }

    private static String text(Random random) {
        StringBuilder text = new StringBuilder();
        for (int i = random.nextInt(6); i > 0; i--) {
            text.appendCodePoint(
                    "a\"\\\n\u00fc\u20ac/{[\ud83d\ude00".codePoints().toArray()[random.nextInt(10)]);
        }
        return text.toString();
    }

    /** Seen to fail with the end of a value taken one byte early. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void instancesComeThroughAsTheyWentIn(long seed) throws Exception {
        Random random = new Random(seed);
        Envelope envelope = new InstancesEnvelope("explanations", allocator);
        for (int round = 0; round < ROUNDS; round++) {
            ArrayNode instances = JSON.createArrayNode();
            for (int i = 1 + random.nextInt(4); i > 0; i--) {
                instances.add(random(random, 3));
            }
            var whole = JSON.createObjectNode();
            whole.set("before", random(random, 2));
            whole.set("instances", instances);
            whole.set("after", random(random, 2));
            byte[] body = random.nextBoolean()
                    ? JSON.writeValueAsBytes(whole)
                    : JSON.writerWithDefaultPrettyPrinter().writeValueAsBytes(whole);

            Letter letter = envelope.open(request(body));

            assertThat(letter.requests()).hasSize(instances.size());
            List<InferenceResponse> echoed = new ArrayList<>();
            for (int i = 0; i < instances.size(); i++) {
                Input.OfContent only =
                        (Input.OfContent) letter.requests().get(i).get(0);
                assertThat(JSON.readTree(only.content().toByteArray())).isEqualTo(instances.get(i));
                echoed.add(new InferenceResponse(
                        new ModelId("m", "1"), List.of(new Output.OfContent("", only.content()))));
            }
            InferenceResponse answer = letter.wrap(echoed);
            byte[] json = ((Output.OfContent) answer.outputs().get(0)).content().toByteArray();
            assertThat(JSON.readTree(json).get("predictions")).isEqualTo(instances);
            answer.release();
            assertNothingIsHeld();
        }
    }

    private void openBroken(Envelope envelope, byte[] body) {
        try {
            Letter letter = envelope.open(request(body));
            letter.requests().forEach(inputs -> inputs.forEach(Input::release));
        } catch (ServingException e) {
            assertThat(e.code()).as(new String(body, UTF_8)).isEqualTo(ErrorCode.INVALID_INPUT);
        } catch (RuntimeException e) {
            fail(new String(body, UTF_8), e);
        }
        assertNothingIsHeld();
    }

    /** Seen to fail with the tensors that were read not released when a later one is malformed. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"instances\": [{\"b64\": \"aGk=\"}, {\"data\": {\"b64\": \"aGk=\"}, \"k\": [1, 2]}, \"t\", {\"data\": \"x\"}]}",
                "{\"id\": \"1\", \"inputs\": [{\"name\": \"a\", \"shape\": [2], \"datatype\": \"BYTES\", \"data\": [\"x\", \"y\"]}],"
                        + " \"outputs\": [{\"name\": \"o\"}]}",
                "{\"inputs\": [{\"name\": \"a\", \"shape\": [1, 2], \"datatype\": \"FP32\", \"data\": [1.5, 2]}, {\"name\": \"b\","
                        + " \"shape\": [1], \"datatype\": \"INT64\", \"data\": [9]}]}"
            })
    void refusesBrokenEnvelopesAsTheCallersFault(String sound) {
        Random random = new Random(7);
        List<Envelope> envelopes =
                List.of(new InstancesEnvelope("explanations", allocator), new TensorsEnvelope(allocator));
        byte[] bytes = sound.getBytes(UTF_8);
        for (Envelope envelope : envelopes) {
            openBroken(envelope, bytes);
            openBroken(envelope, sound.getBytes(UTF_16));
            openBroken(envelope, ("\ufeff" + sound).getBytes(UTF_8));
            for (int round = 0; round < ROUNDS * 4; round++) {
                byte[] broken = bytes.clone();
                for (int i = 1 + random.nextInt(3); i > 0; i--) {
                    broken[random.nextInt(broken.length)] =
                            random.nextBoolean() ? (byte) random.nextInt(256) : bytes[random.nextInt(bytes.length)];
                }
                int length = random.nextInt(4) == 0 ? random.nextInt(broken.length) : broken.length;
                openBroken(envelope, Arrays.copyOf(broken, length));
            }
        }
    }
}
