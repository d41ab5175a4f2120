// SPDX-License-Identifier: Apache-2.0
package dev.sluice.scheduling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.fixture.FakeTicker;
import dev.sluice.inference.Cancellation;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.InferenceRequest;
import dev.sluice.inference.InferenceResponse;
import dev.sluice.inference.Input;
import dev.sluice.inference.Output;
import dev.sluice.inference.RequestContext;
import dev.sluice.inference.ResponseSink;
import dev.sluice.inference.ServingException;
import dev.sluice.model.AllowedSizes;
import dev.sluice.model.BatchSpec;
import dev.sluice.model.ModelId;
import dev.sluice.model.ModelRef;
import dev.sluice.model.PrioritySpec;
import dev.sluice.tensor.DataBuffer;
import dev.sluice.tensor.DataType;
import dev.sluice.tensor.Shape;
import dev.sluice.tensor.Tensor;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.lifecycle.AfterProperty;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Requests with more rows than a batch: cut, run by hand in any order, and put together. */
class SplitRequestTest {
    private static final ModelId ID = new ModelId("m", "1.0");

    private final FakeTicker ticker = new FakeTicker();
    private final TimerWheel wheel = new TimerWheel(0, () -> {});
    private final List<DataBuffer> buffers = new ArrayList<>();
    private final Cancellation cancellation = new Cancellation();
    private final Ending ending = new Ending();

    /** Planted: the whole request kept when its parts were taken; the answers of parts kept when they had been copied. */
    @AfterEach
    @AfterProperty
    void givesBackAllBytes() {
        assertThat(buffers).allSatisfy(buffer -> assertThat(buffer.references()).isZero());
    }

    private RequestQueue queue(int most, int capacity) {
        return new RequestQueue(
                new RequestQueue.Settings(
                        "m",
                        QueueBounds.ofRequests(capacity, most, Long.MAX_VALUE),
                        PrioritySpec.NONE,
                        AllowedSizes.ANY,
                        true),
                new SizeOrDelayPolicy(new BatchSpec(most, Duration.ZERO)),
                new ServiceTimes(),
                wheel,
                ticker,
                () -> {
                    throw new AssertionError("answered twice");
                });
    }

    private DataBuffer buffer(byte[] bytes) {
        DataBuffer buffer = DataBuffer.wrap(bytes);
        buffers.add(buffer);
        return buffer;
    }

    private Tensor numbers(String name, int rows) {
        byte[] bytes = new byte[rows];
        IntStream.range(0, rows).forEach(row -> bytes[row] = (byte) row);
        return new Tensor(name, DataType.UINT8, Shape.of(rows, 1), buffer(bytes));
    }

    private InferenceRequest request(long deadline, Input... inputs) {
        RequestContext context = new RequestContext("r", "test", 0, deadline, Map.of(), cancellation);
        return new InferenceRequest(ModelRef.of("m"), List.of(inputs), List.of(), Map.of(), context);
    }

    private InferenceRequest request(Tensor... tensors) {
        Input[] inputs = List.of(tensors).stream().map(Input.OfTensor::new).toArray(Input[]::new);
        return request(RequestContext.NO_DEADLINE, inputs);
    }

    /** All that waits, each part as the batch of an instance of its own. */
    private static List<PendingRequest> claimAll(RequestQueue queue) {
        List<PendingRequest> claimed = new ArrayList<>();
        while (queue.form(new Quiet()) instanceof Formation.Formed formed) {
            assertThat(formed.members()).hasSize(1);
            claimed.addAll(formed.members());
        }
        return claimed;
    }

    private static final class Quiet extends Taker {
        @Override
        void wake() {}
    }

    private static Tensor input(PendingRequest part) {
        return ((Input.OfTensor) part.request().inputs().get(0)).tensor();
    }

    private void echo(PendingRequest part) {
        Tensor tensor = input(part);
        part.complete(new InferenceResponse(
                ID,
                List.of(new Output.OfTensor(new Tensor(
                        "y", tensor.type(), tensor.shape(), buffer(tensor.data().toByteArray()))))));
    }

    /** Planted: outputs in the order in which parts ended. */
    @Property(tries = 200)
    void i3PutsTheRowsTogetherInTheirOrderInWhicheverOrderPartsEnd(
            @ForAll @IntRange(min = 1, max = 9) int most,
            @ForAll @IntRange(min = 2, max = 100) int rows,
            @ForAll long seed) {
        Ending end = new Ending();
        RequestQueue queue = queue(most, 100);
        queue.submit(request(numbers("x", Math.max(rows, most + 1))), end);

        List<PendingRequest> parts = claimAll(queue);
        parts.forEach(part -> assertThat(part.rows()).isLessThanOrEqualTo(most));
        Collections.shuffle(parts, new Random(seed));
        parts.forEach(this::echo);

        assertThat(end.ends).isEqualTo(1);
        assertThat(end.bytes())
                .isEqualTo(numbers("x", Math.max(rows, most + 1)).data().toByteArray());
        buffers.get(buffers.size() - 1).release();
    }

    @Test
    void cutsWithoutCopyingAndGivesContentToEachPart() {
        RequestQueue queue = queue(2, 10);
        Tensor tensor = numbers("x", 3);
        DataBuffer content = buffer(new byte[] {7});

        queue.submit(
                request(
                        RequestContext.NO_DEADLINE,
                        new Input.OfTensor(tensor),
                        new Input.OfContent("c", "text/plain", content)),
                ending);

        tensor.data().view().put(2, (byte) 99);
        List<PendingRequest> parts = claimAll(queue);
        assertThat(input(parts.get(1)).data().toByteArray()).containsExactly(99);
        assertThat(parts)
                .allSatisfy(part -> assertThat(part.request().inputs())
                        .hasSize(2)
                        .contains(new Input.OfContent("c", "text/plain", content)));
        parts.forEach(this::echo);
        assertThat(ending.bytes()).containsExactly(0, 1, 99);
    }

    @Test
    void cutsTextsWhereTheyEnd() {
        RequestQueue queue = queue(1, 10);
        Tensor texts = new Tensor("x", DataType.BYTES, Shape.of(2, 2), buffer(texts("a", "", "long one", "b")));

        queue.submit(request(texts), ending);

        List<PendingRequest> parts = claimAll(queue);
        assertThat(input(parts.get(0)).data().toByteArray()).isEqualTo(texts("a", ""));
        assertThat(input(parts.get(1)).data().toByteArray()).isEqualTo(texts("long one", "b"));
        parts.forEach(this::echo);
        assertThat(ending.bytes()).isEqualTo(texts("a", "", "long one", "b"));
    }

    private static byte[] texts(String... texts) {
        ByteBuffer bytes = DataBuffer.wrap(new byte[100]).view();
        for (String text : texts) {
            bytes.putInt(text.length()).put(text.getBytes(StandardCharsets.US_ASCII));
        }
        byte[] all = new byte[bytes.position()];
        bytes.flip().get(all);
        return all;
    }

    /** Planted: a length of -1 passed over; the slices of the tensor before it kept. */
    @Test
    void refusesTextsThatAreNone() {
        InferenceRequest request = request(
                numbers("n", 2),
                new Tensor("x", DataType.BYTES, Shape.of(2), buffer(new byte[] {0, 0, 0, 0, -1, -1, -1, -1})));

        assertThatThrownBy(() -> queue(1, 10).submit(request, ending))
                .isInstanceOfSatisfying(
                        ServingException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_INPUT))
                .hasMessage("tensor 'x': byte 4 of 8 (expected: 2 texts, each after its length in 4 bytes, and nothing"
                        + " else)");
        request.release();
    }

    @Test
    void refusesTensorsOfDifferentRows() {
        InferenceRequest request = request(numbers("x", 3), numbers("z", 2));

        assertThatThrownBy(() -> queue(2, 10).submit(request, ending))
                .hasMessage(
                        "tensor 'z': [2, 1] (expected: 3 rows, as in the request's largest tensor, since it is split"
                                + " into batches)");
        request.release();
    }

    /** Planted: each part admitted by itself; two of them stayed. */
    @Test
    void i4TakesAllPartsOrNone() {
        RequestQueue queue = queue(2, 4);
        queue.submit(request(numbers("x", 1)), ending);
        queue.submit(request(numbers("x", 1)), ending);

        InferenceRequest request = request(numbers("x", 6));
        assertThatThrownBy(() -> queue.submit(request, ending))
                .isInstanceOfSatisfying(
                        ServingException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.OVERLOADED));
        request.release();

        assertThat(queue.status().waiting()).isEqualTo(2);
        queue.close(new ServingException(ErrorCode.MODEL_UNAVAILABLE, "end of test"));
    }

    /** Planted: no such check; the caller was told to come again later. */
    @Test
    void saysAtOnceThatTheQueueWillNeverHoldThatMany() {
        InferenceRequest request = request(numbers("x", 9));
        assertThatThrownBy(() -> queue(2, 4).submit(request, ending))
                .isInstanceOfSatisfying(
                        ServingException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_INPUT))
                .hasMessage("rows: 9 (expected: 1..8, what the queue of model \"m\" holds)");
        request.release();
    }

    /** Planted: the other parts left in the queue; the failure kept until all have ended. */
    @Test
    void failsWithTheFirstPartThatFailsAndCancelsTheOthers() {
        RequestQueue queue = queue(2, 10);
        queue.submit(request(numbers("x", 8)), ending);
        List<PendingRequest> running = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            running.addAll(((Formation.Formed) queue.form(new Quiet())).members());
        }
        echo(running.get(0));
        assertThat(ending.ends).isZero();

        running.get(1).fail(new ServingException(ErrorCode.ENGINE_FAILED, "no"));

        assertThat(ending.failure()).hasMessage("no");
        assertThat(queue.status().waiting()).isZero();
        echo(running.get(2));
        assertThat(ending.ends).isEqualTo(1);
    }

    @Test
    void leavesWithItsCaller() {
        RequestQueue queue = queue(2, 10);
        queue.submit(request(numbers("x", 5)), ending);
        List<PendingRequest> running = ((Formation.Formed) queue.form(new Quiet())).members();

        cancellation.cancel();

        assertThat(ending.failure().code()).isEqualTo(ErrorCode.CANCELLED);
        assertThat(queue.status().waiting()).isZero();
        running.forEach(this::echo);
        assertThat(ending.ends).isEqualTo(1);
    }

    @Test
    void i6ExpiresAtItsDeadlineThoughAPartRuns() {
        RequestQueue queue = queue(2, 10);
        long deadline = Duration.ofMillis(10).toNanos();
        queue.submit(request(deadline, new Input.OfTensor(numbers("x", 5))), ending);
        List<PendingRequest> running = ((Formation.Formed) queue.form(new Quiet())).members();

        ticker.advance(Duration.ofMillis(11));
        long unused = wheel.runDue(ticker.nanos());

        assertThat(ending.failure().code()).isEqualTo(ErrorCode.DEADLINE_EXCEEDED);
        assertThat(queue.status().waiting()).isZero();
        running.forEach(this::echo);
    }

    /** Planted: the first part's answer for all. */
    @Test
    void refusesInTheEndWhatAnAnswerOfContentCannotSay() {
        RequestQueue queue = queue(2, 10);
        queue.submit(request(numbers("x", 3)), ending);

        claimAll(queue)
                .forEach(part -> part.complete(new InferenceResponse(
                        ID, List.of(new Output.OfContent("application/json", buffer(new byte[1]))))));

        assertThat(ending.failure().code()).isEqualTo(ErrorCode.INVALID_INPUT);
        assertThat(ending.failure())
                .hasMessage("rows: 3 (expected: 1..2, the batch size of model \"m\"; it was run in parts, and what it"
                        + " answered cannot be put together: not tensors with a row for each row)");
    }

    /** Planted: no look at the rows of an answer. */
    @Test
    void refusesInTheEndAnswersOfOtherRows() {
        RequestQueue queue = queue(2, 10);
        queue.submit(request(numbers("x", 3)), ending);

        claimAll(queue)
                .forEach(part ->
                        part.complete(new InferenceResponse(ID, List.of(new Output.OfTensor(numbers("y", 2))))));

        assertThat(ending.failure().code()).isEqualTo(ErrorCode.INVALID_INPUT);
    }

    /** Planted: the answer kept that came a moment after the failure of another part. */
    @Test
    void givesBackWhatComesAfterItsEnd() {
        SplitRequest split = new SplitRequest(request(numbers("x", 3)), 3, 2, ending);
        split.start();
        split.discard();

        split.sink(0).fail(new ServingException(ErrorCode.ENGINE_FAILED, "no"));
        split.sink(1).complete(new InferenceResponse(ID, List.of(new Output.OfTensor(numbers("y", 1)))));
        split.sink(1).fail(new ServingException(ErrorCode.ENGINE_FAILED, "no again"));

        assertThat(ending.ends).isEqualTo(1);
        assertThat(ending.failure()).hasMessage("no");
    }

    /** How the request ended. */
    private static final class Ending implements ResponseSink {
        private final List<Object> seen = new ArrayList<>();
        private int ends;

        @Override
        public void part(InferenceResponse part) {
            throw new AssertionError("a part");
        }

        @Override
        public void complete(InferenceResponse response) {
            ends++;
            Tensor tensor = ((Output.OfTensor) response.outputs().get(0)).tensor();
            seen.add(tensor.data().toByteArray());
            response.release();
        }

        @Override
        public void fail(ServingException failure) {
            ends++;
            seen.add(failure);
        }

        byte[] bytes() {
            return (byte[]) seen.get(0);
        }

        ServingException failure() {
            return (ServingException) seen.get(0);
        }
    }
}
