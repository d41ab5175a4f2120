// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.inference.Cancellation;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.InferenceRequest;
import dev.sluice.inference.Input;
import dev.sluice.inference.Output;
import dev.sluice.inference.RequestContext;
import dev.sluice.inference.ServingException;
import dev.sluice.model.ModelId;
import dev.sluice.model.ModelRef;
import dev.sluice.tensor.BufferAllocator;
import dev.sluice.tensor.DataBuffer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class HandledModelTest {
    private final List<DataBuffer> allocated = new ArrayList<>();
    private final HandlerContext context = new HandlerContext(this::allocate);

    private DataBuffer allocate(long bytes) {
        DataBuffer buffer = DataBuffer.of(ByteBuffer.allocateDirect(BufferAllocator.checkedSize(bytes)), () -> {});
        allocated.add(buffer);
        return buffer;
    }

    private List<Output> answer(InferenceRequest request) {
        String text =
                new String(((Input.OfContent) request.inputs().get(0)).content().toByteArray(), UTF_8);
        return switch (text) {
            case "bad" -> throw new ServingException(ErrorCode.INVALID_INPUT, "bad");
            case "broken" -> throw new IllegalStateException("broken");
            case "checked" -> throw HandledModelTest.<RuntimeException>unseen(new IOException("checked"));
            case "fatal" -> throw new NoClassDefFoundError("Lib");
            default -> List.of(context.content("text/plain", text.getBytes(UTF_8)));
        };
    }

    /** As languages without checked exceptions throw them. */
    @SuppressWarnings("unchecked") // what it is for
    private static <T extends Throwable> RuntimeException unseen(Throwable thrown) throws T {
        throw (T) thrown;
    }

    private List<Outcome> run(String... texts) {
        List<InferenceRequest> requests = Stream.of(texts)
                .map(text -> new InferenceRequest(
                        ModelRef.of("m"),
                        List.of(new Input.OfContent("body", "", DataBuffer.wrap(text.getBytes(UTF_8)))),
                        List.of(),
                        Map.of(),
                        new RequestContext("1", "test", 0, RequestContext.NO_DEADLINE, Map.of(), new Cancellation())))
                .toList();
        try (LoadedModel model = HandledModel.alone(this::answer);
                ModelInstance instance = model.newInstance()) {
            instance.warmUp();
            return instance.execute(new Batch(new ModelId("m", "1"), requests));
        }
    }

    /** Planted: the batch failing with its first request. */
    @Test
    void failsEachRequestAlone() {
        List<Outcome> outcomes = run("a", "bad", "broken", "b");

        assertThat(outcomes.get(1))
                .isInstanceOfSatisfying(
                        Outcome.Failure.class,
                        failure -> assertThat(failure.cause()).hasMessage("bad"));
        assertThat(outcomes.get(2))
                .isInstanceOfSatisfying(
                        Outcome.Failure.class,
                        failure -> assertThat(failure.cause())
                                .hasMessage("Prediction failed")
                                .hasRootCauseMessage("broken"));
        assertThat(List.of(outcomes.get(0), outcomes.get(3))).hasOnlyElementsOfType(Outcome.Success.class);
        outcomes.forEach(Outcome::release);
        assertThat(allocated).hasSize(2).allMatch(buffer -> buffer.references() == 0);
    }

    /** Seen to fail when only runtime exceptions were looked for: the whole batch failed, and kept its answers for ever. */
    @Test
    void failsEachRequestAloneThatThrowsWhatJavaWouldNot() {
        List<Outcome> outcomes = run("a", "checked", "b");

        assertThat(outcomes.get(1))
                .isInstanceOfSatisfying(
                        Outcome.Failure.class,
                        failure -> assertThat(failure.cause()).hasRootCauseInstanceOf(IOException.class));
        assertThat(List.of(outcomes.get(0), outcomes.get(2))).hasOnlyElementsOfType(Outcome.Success.class);
        outcomes.forEach(Outcome::release);
        assertThat(allocated).hasSize(2).allMatch(buffer -> buffer.references() == 0);
    }

    /** Planted: errors passed on without giving back the answers there were. */
    @Test
    void givesBackTheAnswersOfABatchThatCannotGoOn() {
        assertThatThrownBy(() -> run("a", "fatal")).isInstanceOf(NoClassDefFoundError.class);
        assertThat(allocated).hasSize(1).allMatch(buffer -> buffer.references() == 0);
    }
}
