// SPDX-License-Identifier: Apache-2.0
package dev.sluice.scheduling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.fixture.FakeTicker;
import dev.sluice.fixture.Numbers;
import dev.sluice.fixture.RecordingSink;
import dev.sluice.inference.Cancellation;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.InferenceRequest;
import dev.sluice.inference.Input;
import dev.sluice.inference.RequestContext;
import dev.sluice.inference.ServingException;
import dev.sluice.model.AllowedSizes;
import dev.sluice.model.BatchSpec;
import dev.sluice.model.ModelRef;
import dev.sluice.model.PrioritySpec;
import dev.sluice.tensor.DataBuffer;
import dev.sluice.tensor.DataType;
import dev.sluice.tensor.Shape;
import dev.sluice.tensor.Tensor;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** The queue on one thread: takers that are asked by hand, and a clock that stands. */
class RequestQueueTest {
    private final FakeTicker ticker = new FakeTicker();
    private final Numbers numbers = new Numbers(ModelRef.of("m"));
    private final TimerWheel wheel = new TimerWheel(0, () -> {});
    private final ServiceTimes times = new ServiceTimes();
    private final AtomicInteger secondAnswers = new AtomicInteger();
    private final RequestQueue queue = queue(3, Long.MAX_VALUE, 4, Duration.ZERO, PrioritySpec.NONE);
    private final Puppet puppet = new Puppet();

    private RequestQueue queue(int capacity, long bytes, int maxSize, Duration maxDelay, PrioritySpec priorities) {
        return new RequestQueue(
                new RequestQueue.Settings("m", QueueBounds.ofRequests(capacity, maxSize, bytes), priorities),
                new SizeOrDelayPolicy(new BatchSpec(maxSize, maxDelay)),
                times,
                wheel,
                ticker,
                secondAnswers::incrementAndGet);
    }

    /** An instance that is woken, and does nothing of itself. */
    private static final class Puppet extends Taker {
        private int wakes;

        @Override
        void wake() {
            wakes++;
        }
    }

    private RecordingSink submit(RequestQueue to, InferenceRequest request) {
        RecordingSink sink = new RecordingSink();
        to.submit(request, sink);
        return sink;
    }

    private RecordingSink submit(int number) {
        return submit(queue, numbers.request(number));
    }

    private static List<Integer> numbers(Formation formation) {
        return formation instanceof Formation.Formed formed
                ? formed.members().stream()
                        .map(member -> Numbers.number(member.request()))
                        .toList()
                : List.of();
    }

    private InferenceRequest from(int number, String tenant, int priority) {
        InferenceRequest plain = numbers.request(number);
        RequestContext context = plain.context().withTenant(tenant).withPriority(priority);
        return new InferenceRequest(plain.model(), plain.inputs(), plain.wantedOutputs(), plain.parameters(), context);
    }

    private void runTimers() {
        long unused = wheel.runDue(ticker.nanos());
    }

    /** Planted: {@code <=} for {@code <} in {@link Admission#tryEnter}. */
    @Test
    void i4RefusesTheRequestThatExceedsItsCapacityAndTakesOneAgainWhenThereIsRoom() {
        for (int i = 0; i < 3; i++) {
            submit(i);
        }
        InferenceRequest fourth = numbers.request(3);
        RecordingSink sink = new RecordingSink();

        assertThatThrownBy(() -> queue.submit(fourth, sink))
                .isInstanceOfSatisfying(ServingException.class, e -> {
                    assertThat(e.code()).isEqualTo(ErrorCode.OVERLOADED);
                    assertThat(e.retryAfter()).hasValue(Duration.ofSeconds(1));
                })
                .hasMessage("Model \"m\" is overloaded: its queue holds 3 requests of at most 3. Retry later.");
        assertThat(queue.status()).isEqualTo(new QueueStatus(3, 3));
        assertThat(queue.status().remaining()).isZero();
        assertThat(sink.ends()).isZero();
        assertThat(numbers.buffersOut()).isEqualTo(4);

        assertThat(numbers(queue.form(puppet))).containsExactly(0, 1, 2);
        queue.submit(fourth, sink);
        assertThat(numbers(queue.form(puppet))).containsExactly(3);
    }

    /** Planted: the rows of one batch instead of all that wait; the answer was 1 s. */
    @Test
    void tellsThoseItRefusesHowLongTheQueueWillTake() {
        times.add(1, Duration.ofMillis(1500).toNanos());
        for (int i = 0; i < 3; i++) {
            submit(i);
        }

        assertThatThrownBy(() -> submit(3))
                .isInstanceOfSatisfying(
                        ServingException.class, e -> assertThat(e.retryAfter()).hasValue(Duration.ofSeconds(5)));
    }

    @Test
    void i4RefusesTheRequestThatExceedsTheBoundOfBytes() {
        RequestQueue small = queue(10, 9, 4, Duration.ZERO, PrioritySpec.NONE);
        submit(small, numbers.request(0));
        submit(small, numbers.request(1));

        assertThatThrownBy(() -> submit(small, numbers.request(2)))
                .hasMessage("Model \"m\" is overloaded: its queue holds 2 rows of at most 40 and 8 bytes of at most 9."
                        + " Retry later.");
    }

    /** Planted: reqests that expire or are cancelled only when a batch is formed. */
    @Test
    void i6EndsExpiredAndCancelledRequestsWhileNoInstanceIsFree() throws InterruptedException {
        Cancellation gone = new Cancellation();
        RecordingSink cancelled = submit(queue, numbers.request(0, gone, RequestContext.NO_DEADLINE));
        RecordingSink expired = submit(
                queue,
                numbers.request(1, new Cancellation(), Duration.ofMillis(3).toNanos()));
        RecordingSink waits = submit(2);

        gone.cancel();
        ticker.advance(Duration.ofMillis(3).plusNanos(TimerWheel.TICK_NANOS));
        runTimers();

        assertThat(cancelled.isDone()).isTrue();
        assertThat(cancelled.code()).isEqualTo(ErrorCode.CANCELLED);
        assertThat(expired.isDone()).isTrue();
        assertThat(expired.code()).isEqualTo(ErrorCode.DEADLINE_EXCEEDED);
        assertThat(cancelled.ends() + expired.ends()).isEqualTo(2);
        assertThat(numbers.buffersOut()).isEqualTo(1);
        assertThat(queue.status().waiting()).isEqualTo(1);
        assertThat(numbers(queue.form(puppet))).containsExactly(2);
        assertThat(waits.isDone()).isFalse();
    }

    /** Planted: claim() without a look at the clock. */
    @Test
    void i6DoesNotRunWhatExpiredBeforeTheTimerCame() {
        RecordingSink expired = submit(queue, numbers.request(0, new Cancellation(), 10));
        submit(1);
        ticker.advance(Duration.ofNanos(10));

        assertThat(numbers(queue.form(puppet))).containsExactly(1);
        assertThat(expired.isDone()).isTrue();
    }

    @Test
    void refusesWhatComesAfterItsDeadline() {
        ticker.advance(Duration.ofNanos(10));
        InferenceRequest late = numbers.request(0, new Cancellation(), 10);

        assertThatThrownBy(() -> submit(queue, late))
                .isInstanceOfSatisfying(
                        ServingException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.DEADLINE_EXCEEDED));
        assertThat(numbers.buffersOut()).isEqualTo(1);
    }

    /** Planted: submit() that does not look whether it was cancelled before. */
    @Test
    void endsARequestThatWasCancelledBeforeItCame() {
        Cancellation gone = new Cancellation();
        gone.cancel();

        assertThat(submit(queue, numbers.request(0, gone, RequestContext.NO_DEADLINE))
                        .isDone())
                .isTrue();
        assertThat(queue.form(puppet)).isEqualTo(new Formation.Sleep(TimerWheel.NEVER));
        assertThat(numbers.buffersOut()).isZero();
    }

    /** Planted: all takers woken for each request; none woken. */
    @Test
    void i14WakesOneSleepingTakerForEachRequestAndTheLastToSleepFirst() {
        Puppet other = new Puppet();
        queue.form(puppet);
        queue.form(other);

        submit(0);
        assertThat(List.of(puppet.wakes, other.wakes)).containsExactly(0, 1);
        submit(1);
        assertThat(List.of(puppet.wakes, other.wakes)).containsExactly(1, 1);
    }

    /** Planted: leave() that passes nothing on; the request waited for nobody. */
    @Test
    void i14PassesTheWakeUpOfATakerThatLeavesOn() {
        Puppet other = new Puppet();
        queue.form(puppet);
        queue.form(other);
        submit(0);

        queue.leave(other);
        assertThat(puppet.wakes).isEqualTo(1);
    }

    /** Planted: rowsWorthWaking kept when the batch it was for has gone; found by the simulation. */
    @Test
    void i14WakesAnIdleTakerThoughAnotherHasJustWaitedForCompany() {
        RequestQueue patient = queue(9, Long.MAX_VALUE, 4, Duration.ofMillis(5), PrioritySpec.NONE);
        Puppet other = new Puppet();
        patient.join(puppet);
        patient.join(other);
        patient.form(other);
        patient.form(puppet);
        submit(patient, numbers.request(0));
        assertThat(patient.form(puppet)).isInstanceOf(Formation.Sleep.class);
        ticker.advance(Duration.ofMillis(5));
        assertThat(numbers(patient.form(puppet))).containsExactly(0);

        submit(patient, numbers.request(1));
        assertThat(other.wakes).isEqualTo(1);
    }

    /** Planted: a wake-up for each request while a taker waits for company. */
    @Test
    void wakesATakerThatWaitsForCompanyWhenItsBatchIsFullAndNotBefore() {
        RequestQueue patient = queue(9, Long.MAX_VALUE, 3, Duration.ofHours(1), PrioritySpec.NONE);
        submit(patient, numbers.request(0));
        long until = Duration.ofHours(1).toNanos();
        assertThat(patient.form(puppet)).isEqualTo(new Formation.Sleep(until));

        submit(patient, numbers.request(1));
        assertThat(puppet.wakes).isZero();
        submit(patient, numbers.request(2));
        assertThat(puppet.wakes).isEqualTo(1);
        Formation full = patient.form(puppet);
        assertThat(numbers(full)).containsExactly(0, 1, 2);
        assertThat(((Formation.Formed) full).reason()).isEqualTo(CloseReason.FULL);
    }

    /** Planted: the taker that waits is not woken for a deadline. */
    @Test
    void closesABatchBeforeADeadlineWouldBeMissed() {
        times.add(1, Duration.ofMillis(2).toNanos());
        RequestQueue patient = queue(9, Long.MAX_VALUE, 8, Duration.ofHours(1), PrioritySpec.NONE);
        submit(patient, numbers.request(0));
        patient.form(puppet);
        submit(
                patient,
                numbers.request(1, new Cancellation(), Duration.ofMillis(20).toNanos()));

        assertThat(puppet.wakes).isEqualTo(1);
        long startBy = Duration.ofMillis(20 - 2 * 2 - 1).toNanos();
        assertThat(patient.form(puppet)).isEqualTo(new Formation.Sleep(startBy));
        ticker.advance(Duration.ofNanos(startBy));
        Formation closed = patient.form(puppet);
        assertThat(numbers(closed)).containsExactly(0, 1);
        assertThat(((Formation.Formed) closed).reason()).isEqualTo(CloseReason.DEADLINE);
    }

    /** Planted: the window counted for requests that came while all instances ran. */
    @Test
    void doesNotKeepRequestsWaitingForCompanyThatHaveWaitedForAnInstance() {
        RequestQueue patient = queue(9, Long.MAX_VALUE, 4, Duration.ofHours(1), PrioritySpec.NONE);
        patient.join(puppet);
        for (int i = 0; i < 5; i++) {
            submit(patient, numbers.request(i));
        }
        assertThat(numbers(patient.form(puppet))).containsExactly(0, 1, 2, 3);
        submit(patient, numbers.request(5));

        // 4 found the instance idle, 5 did not.
        Formation rest = patient.form(puppet);
        assertThat(rest).isInstanceOf(Formation.Sleep.class);
        submit(patient, numbers.request(6));
        ticker.advance(Duration.ofHours(1));
        assertThat(numbers(patient.form(puppet))).containsExactly(4, 5, 6);
        submit(patient, numbers.request(7));
        Formation busy = patient.form(puppet);
        assertThat(numbers(busy)).containsExactly(7);
        assertThat(((Formation.Formed) busy).reason()).isEqualTo(CloseReason.BUSY);
    }

    /** Planted: tenants in the order they came; the first had all its rows served before the second had one. */
    @Test
    void i10ServesTenantsAlikeHoweverManyRequestsTheyHave() {
        RequestQueue fair = queue(99, Long.MAX_VALUE, 2, Duration.ZERO, PrioritySpec.NONE);
        for (int i = 0; i < 8; i++) {
            submit(fair, from(i, "many", 0));
        }
        for (int i = 8; i < 11; i++) {
            submit(fair, from(i, "few", 0));
        }

        List<Integer> order = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            order.addAll(numbers(fair.form(puppet)));
        }
        assertThat(order).containsExactly(0, 8, 1, 9, 2, 10);
    }

    /** Planted: no ageing; 0 then came last. */
    @Test
    void i11ServesHigherLevelsFirstExceptBehindTheAged() {
        PrioritySpec two = new PrioritySpec(2, 2, Duration.ofMillis(10));
        RequestQueue levels = queue(99, Long.MAX_VALUE, 1, Duration.ZERO, two);
        submit(levels, from(0, "", 2));
        submit(levels, from(1, "", 1));
        assertThat(numbers(levels.form(puppet))).containsExactly(1);
        ticker.advance(Duration.ofMillis(10));
        submit(levels, from(2, "", 1));

        assertThat(numbers(levels.form(puppet))).containsExactly(0);
        assertThat(numbers(levels.form(puppet))).containsExactly(2);
    }

    /** Planted: dead requests are dropped only by takers; all were still linked from the queue. */
    @Test
    void keepsNoMoreEndedRequestsThanItMayHaveWaitingOnes() {
        for (int i = 0; i < 1000; i++) {
            Cancellation gone = new Cancellation();
            submit(queue, numbers.request(i, gone, RequestContext.NO_DEADLINE));
            gone.cancel();
        }

        assertThat(queue.linked()).isLessThanOrEqualTo(4);
        assertThat(numbers.buffersOut()).isZero();
    }

    @Test
    void i9RefusesWithTheReasonItWasClosedForAndEndsWhatWaited() throws InterruptedException {
        RecordingSink waited = submit(1);
        ServingException reason = new ServingException(ErrorCode.MODEL_UNAVAILABLE, "gone");

        queue.close(reason);
        assertThat(waited.failure()).isSameAs(reason);
        assertThat(queue.status().waiting()).isZero();
        assertThatThrownBy(() -> submit(2)).isSameAs(reason);
    }

    /** Planted: release after the answer without the guard, so that a broken buffer kept the answer back. */
    @Test
    void endsARequestAlsoWhenGivingItsInputsBackFails() throws InterruptedException {
        InferenceRequest request = numbers.request(1);
        RecordingSink sink = submit(queue, request);
        Formation.Formed batch = (Formation.Formed) queue.form(puppet);
        request.release();

        batch.members().get(0).fail(new ServingException(ErrorCode.OVERLOADED, "full"));
        assertThat(sink.code()).isEqualTo(ErrorCode.OVERLOADED);
    }

    /** Planted: endClaimed() without its compare-and-set. */
    @Test
    void i2CountsAndDropsASecondAnswer() {
        RecordingSink sink = submit(1);
        PendingRequest member =
                ((Formation.Formed) queue.form(puppet)).members().get(0);
        ServingException failure = new ServingException(ErrorCode.ENGINE_FAILED, "no");
        member.fail(failure);
        member.fail(failure);

        assertThat(sink.ends()).isEqualTo(1);
        assertThat(secondAnswers).hasValue(1);
        assertThat(numbers.buffersOut()).isZero();
    }

    /** Planted: cancel() that leaves claimed requests alone; abandon() that releases the inputs the engine reads. */
    @Test
    void answersACallerThatLeavesDuringTheCallAndKeepsTheInputsUntilItsEnd() throws InterruptedException {
        Cancellation gone = new Cancellation();
        RecordingSink sink = submit(queue, numbers.request(1, gone, RequestContext.NO_DEADLINE));
        PendingRequest member =
                ((Formation.Formed) queue.form(puppet)).members().get(0);

        gone.cancel();
        assertThat(sink.code()).isEqualTo(ErrorCode.CANCELLED);
        assertThat(numbers.buffersOut()).isEqualTo(1);
        member.fail(new ServingException(ErrorCode.ENGINE_FAILED, "no"));
        assertThat(sink.ends()).isEqualTo(1);
        assertThat(numbers.buffersOut()).isZero();
        assertThat(secondAnswers).hasValue(0);
    }

    private static List<Integer> rowsAndSize(Formation formation) {
        Formation.Formed formed = (Formation.Formed) formation;
        return List.of(formed.rows(), formed.engineRows());
    }

    private RequestQueue sized(AllowedSizes sizes) {
        return new RequestQueue(
                new RequestQueue.Settings(
                        "m",
                        QueueBounds.ofRequests(100, sizes.largest(), Long.MAX_VALUE),
                        PrioritySpec.NONE,
                        sizes,
                        false),
                new SizeOrDelayPolicy(new BatchSpec(sizes.largest(), Duration.ZERO).withSizes(sizes)),
                times,
                wheel,
                ticker,
                secondAnswers::incrementAndGet);
    }

    /** Planted: the sum of the rows as the size. */
    @Test
    void i5FormsBatchesOfAllowedSizesOrToBePaddedToOne() {
        RequestQueue sized = sized(AllowedSizes.of(1, 4, 8));
        for (int i = 0; i < 6; i++) {
            submit(sized, numbers.request(i));
        }
        assertThat(rowsAndSize(sized.form(puppet))).as("before it knows times").containsExactly(6, 8);

        times.add(4, Duration.ofMillis(4).toNanos());
        for (int i = 0; i < 5; i++) {
            submit(sized, numbers.request(i));
        }
        assertThat(rowsAndSize(sized.form(puppet))).as("the fifth row is dear").containsExactly(4, 4);
        assertThat(rowsAndSize(sized.form(puppet))).containsExactly(1, 1);
    }

    /** Planted: no look at those left behind; the batch had 4 rows. */
    @Test
    void leavesNobodyBehindWhoHasNoTimeForOneMoreBatch() {
        times.add(4, Duration.ofMillis(4).toNanos());
        RequestQueue sized = sized(AllowedSizes.of(1, 4, 8));
        for (int i = 0; i < 4; i++) {
            submit(sized, numbers.request(i));
        }
        submit(
                sized,
                numbers.request(4, new Cancellation(), Duration.ofMillis(5).toNanos()));

        assertThat(rowsAndSize(sized.form(puppet))).containsExactly(5, 8);
    }

    /** Planted: each request alone, however many rows, as without sizes. */
    @Test
    void i5RefusesMoreRowsThanTheOnlySize() {
        assertThatThrownBy(() -> submit(sized(AllowedSizes.of(1)), rows(2)))
                .hasMessage("rows: 2 (expected: 1..1, the batch size of model \"m\")");
    }

    private static InferenceRequest rows(int rows) {
        Tensor tensor = new Tensor("x", DataType.UINT8, Shape.of(rows), DataBuffer.wrap(new byte[rows]));
        RequestContext context =
                new RequestContext("r", "test", 0, RequestContext.NO_DEADLINE, Map.of(), new Cancellation());
        return new InferenceRequest(
                ModelRef.of("m"), List.of(new Input.OfTensor(tensor)), List.of(), Map.of(), context);
    }
}
