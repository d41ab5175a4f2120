// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.protocol.torchserve.envelope;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.inference.Cancellation;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.InferenceRequest;
import dev.sluice.inference.InferenceResponse;
import dev.sluice.inference.Input;
import dev.sluice.inference.RequestContext;
import dev.sluice.inference.ResponseSink;
import dev.sluice.inference.SequenceRef;
import dev.sluice.inference.ServingException;
import dev.sluice.model.BatchSpec;
import dev.sluice.model.InstanceSpec;
import dev.sluice.model.LimitSpec;
import dev.sluice.model.ModelFiles;
import dev.sluice.model.ModelId;
import dev.sluice.model.ModelRef;
import dev.sluice.model.ModelSpec;
import dev.sluice.model.SequenceSpec;
import dev.sluice.server.config.WireConfig;
import dev.sluice.tensor.DataBuffer;
import dev.sluice.tensor.DataType;
import dev.sluice.tensor.Shape;
import dev.sluice.tensor.Tensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class EnvelopeChoiceTest {
    private static final String INSTANCES = "{\"instances\": [1, 2]}";

    private final List<InferenceRequest> asked = new ArrayList<>();

    /** Seen to fail when an envelope was opened before a worker that opens it itself. */
    @ParameterizedTest
    @CsvSource(textBlock = """
            server, own,  engine, requests
            json,   '',   '',     2
            json,   body, '',     2
            '',     json, '',     2
            '',     odd,  '',     1
            '',     '',   '',     1
            json,   '',   python, 1
            '',     json, python, 1
            """, useHeadersInDisplayName = true)
    void opensTheServersEnvelopeOrTheModelsButNoneOfAWorker(String server, String own, String engine, int requests) {
        choice(server, spec(engine, own, false)).infer(request(Map.of(), Optional.empty()), new Deaf());

        assertThat(asked).hasSize(requests);
    }

    @Test
    void leavesModelsThatAreNotThereToWhoeverAnswers() {
        Inference choice = new EnvelopeChoice(
                Optional.of("json"),
                ref -> {
                    throw ServingException.refusal(ErrorCode.MODEL_NOT_FOUND, "Model not found: m");
                },
                new NewSequences(WireConfig.SequenceHeaders.USUAL),
                (request, sink) -> asked.add(request),
                bytes -> DataBuffer.of(ByteBuffer.allocateDirect((int) bytes), () -> {}),
                Runnable::run);

        choice.infer(request(Map.of(), Optional.empty()), new Deaf());

        assertThat(asked).hasSize(1);
    }

    @Test
    void beginsASequenceWhereNoneIsNamed() {
        choice("", spec("python", "", true))
                .infer(request(Map.of("TS_Request_Sequence_Id", " ", "a", "b"), Optional.empty()), new Deaf());

        RequestContext context = asked.get(0).context();
        SequenceRef sequence = context.sequence().orElseThrow();
        assertThat(sequence.id()).matches("ts-seq-[0-9a-f-]{36}");
        assertThat(sequence.starts()).isTrue();
        assertThat(sequence.ends()).isFalse();
        assertThat(context.headers())
                .isEqualTo(
                        Map.of("ts_request_sequence_id", sequence.id(), "ts_request_sequence_start", "true", "a", "b"));
    }

    @ParameterizedTest
    @CsvSource({"python, false, ''", "'', true, ''", "python, true, mine"})
    void beginsNoSequenceWhereOneIsNamedOrNoneIsKept(String engine, boolean keeps, String id) {
        Optional<SequenceRef> named = id.isEmpty() ? Optional.empty() : Optional.of(new SequenceRef(id, false, false));

        choice("", spec(engine, "", keeps)).infer(request(Map.of(), named), new Deaf());

        assertThat(asked.get(0).context().sequence()).isEqualTo(named);
    }

    @Test
    void writesTensorsAsTextForAWorkerThatReadsNothingElse() {
        ByteBuffer bytes = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN);
        bytes.putFloat(1.5f).putFloat(-2).flip();
        DataBuffer data = DataBuffer.wrap(bytes.array());

        tensors("kservev2", "python", data.retain());
        tensors("", "python", data.retain());
        tensors("kservev2", "", data);

        assertThat(asked).hasSize(3);
        assertThat(asked.get(0).inputs()).singleElement().isInstanceOfSatisfying(Input.OfContent.class, body -> {
            assertThat(body.name()).isEqualTo("body");
            assertThat(body.contentType()).isEqualTo("application/json");
            assertThat(new String(body.content().toByteArray(), StandardCharsets.UTF_8))
                    .isEqualTo("{\"inputs\": [{\"name\": \"in\\\"put\", \"shape\": [1, 2], \"datatype\": \"FP32\","
                            + " \"data\": [1.5, -2.0]}]}");
        });
        assertThat(asked.get(1).inputs().get(0)).isInstanceOf(Input.OfTensor.class);
        assertThat(asked.get(2).inputs().get(0)).isInstanceOf(Input.OfTensor.class);
    }

    private void tensors(String envelope, String engine, DataBuffer data) {
        Tensor tensor = new Tensor("in\"put", DataType.FP32, Shape.of(1, 2), data);
        InferenceRequest request = new InferenceRequest(
                ModelRef.of("m"),
                List.of(new Input.OfTensor(tensor)),
                List.of(),
                Map.of(),
                request(Map.of(), Optional.empty()).context());
        new TensorsAsText(
                        optional(envelope),
                        ref -> spec(engine, "", false),
                        (wanted, sink) -> asked.add(wanted),
                        Runnable::run)
                .infer(request, new Deaf());
    }

    private Inference choice(String server, ModelSpec spec) {
        return new EnvelopeChoice(
                optional(server),
                ref -> spec,
                new NewSequences(WireConfig.SequenceHeaders.USUAL),
                (request, sink) -> asked.add(request),
                bytes -> DataBuffer.of(ByteBuffer.allocateDirect((int) bytes), () -> {}),
                Runnable::run);
    }

    private static Optional<String> optional(String text) {
        return Optional.of(text).filter(given -> !given.isEmpty());
    }

    private static InferenceRequest request(Map<String, String> headers, Optional<SequenceRef> sequence) {
        return new InferenceRequest(
                ModelRef.of("m"),
                List.of(new Input.OfContent(
                        "body", "application/json", DataBuffer.wrap(INSTANCES.getBytes(StandardCharsets.UTF_8)))),
                List.of(),
                Map.of(),
                new RequestContext(
                        "1", "test", 0, RequestContext.NO_DEADLINE, headers, new Cancellation(), "", 0, sequence));
    }

    private static ModelSpec spec(String engine, String envelope, boolean keepsSequences) {
        SequenceSpec sequences = new SequenceSpec(1, 1, Duration.ofSeconds(1), Duration.ZERO);
        BatchSpec plain = new BatchSpec(1, Duration.ZERO);
        return new ModelSpec(
                new ModelId("m", "1.0"),
                "m.mar",
                new ModelFiles(Path.of("unused"), Optional.empty()),
                optional(engine),
                "h.py",
                keepsSequences
                        ? new BatchSpec(
                                plain.maxSize(),
                                plain.maxDelay(),
                                plain.latencyTarget(),
                                plain.priorities(),
                                plain.sizes(),
                                plain.splits(),
                                Optional.of(sequences))
                        : plain,
                new InstanceSpec(1, 1),
                new LimitSpec(1, Duration.ofSeconds(1), Duration.ofSeconds(1)),
                envelope.isEmpty() ? Map.of() : Map.of("sluice", Map.of("envelope", envelope)));
    }

    /** Whoever asks, and hears nothing. */
    private static final class Deaf implements ResponseSink {
        @Override
        public void part(InferenceResponse part) {
            part.release();
        }

        @Override
        public void complete(InferenceResponse response) {
            response.release();
        }

        @Override
        public void fail(ServingException failure) {}
    }
}
