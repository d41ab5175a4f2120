// SPDX-License-Identifier: Apache-2.0
package dev.sluice.scheduling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.fixture.FakeTicker;
import dev.sluice.fixture.Numbers;
import dev.sluice.fixture.RecordingSink;
import dev.sluice.inference.Cancellation;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.RequestContext;
import dev.sluice.inference.ServingException;
import dev.sluice.model.BatchSpec;
import dev.sluice.model.ModelRef;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class RequestQueueTest {
    private final FakeTicker ticker = new FakeTicker();
    private final Numbers numbers = new Numbers(ModelRef.of("m"));
    private final AtomicBoolean keepWaiting = new AtomicBoolean(true);
    private final List<Thread> takers = Collections.synchronizedList(new ArrayList<>());
    private final RequestQueue queue = new RequestQueue(3, ticker);

    @AfterEach
    void stopTakers() throws InterruptedException {
        keepWaiting.set(false);
        queue.wakeTakers();
        for (Thread taker : takers) {
            taker.join(10_000);
            assertThat(taker.isAlive()).isFalse();
        }
    }

    private PendingRequest pending(int number) {
        return new PendingRequest(numbers.request(number), new RecordingSink(), ticker.nanos());
    }

    private static BatchPolicy upTo(int size) {
        return new SizeOrDelayPolicy(new BatchSpec(size, Duration.ZERO));
    }

    private List<Integer> take(BatchPolicy policy) throws InterruptedException {
        return queue.takeBatch(policy, keepWaiting::get).stream()
                .map(taken -> Numbers.number(taken.request()))
                .toList();
    }

    private CompletableFuture<List<Integer>> takeOnAnotherThread(BatchPolicy policy) {
        CompletableFuture<List<Integer>> result = new CompletableFuture<>();
        Thread taker = new Thread(() -> {
            try {
                result.complete(take(policy));
            } catch (InterruptedException | RuntimeException e) {
                result.completeExceptionally(e);
            }
        });
        takers.add(taker);
        taker.start();
        return result;
    }

    private void awaitAllTakersAsleep() {
        Awaitility.await()
                .until(() -> takers.stream()
                        .allMatch(taker -> taker.getState() == Thread.State.WAITING
                                || taker.getState() == Thread.State.TIMED_WAITING));
    }

    /** Planted: {@code >} for {@code >=} in the bound. */
    @Test
    void refusesTheRequestThatExceedsItsCapacityAndTakesOneAgainWhenThereIsRoom() throws InterruptedException {
        for (int i = 0; i < 3; i++) {
            queue.add(pending(i));
        }
        PendingRequest fourth = pending(3);

        assertThatThrownBy(() -> queue.add(fourth))
                .isInstanceOfSatisfying(
                        ServingException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.OVERLOADED))
                .hasMessage("Model \"m\" is overloaded: its queue holds 3 requests of at most 3. Retry later.");
        assertThat(queue.status()).isEqualTo(new QueueStatus(3, 3));
        assertThat(queue.status().remaining()).isZero();
        assertThat(((RecordingSink) fourth.sink()).ends()).isZero();
        assertThat(numbers.buffersOut()).isEqualTo(4);

        assertThat(take(upTo(1))).containsExactly(0);
        queue.add(fourth);
        assertThat(take(upTo(9))).containsExactly(1, 2, 3);
    }

    @Test
    void givesRequestsOutInTheOrderTheyCame() throws InterruptedException {
        for (int i = 0; i < 3; i++) {
            queue.add(pending(i));
        }

        assertThat(take(upTo(2))).containsExactly(0, 1);
        assertThat(take(upTo(2))).containsExactly(2);
    }

    /** Planted: a skipped request put into the batch all the same; one dropped without an answer. */
    @Test
    void answersRequestsNobodyWantsAnyMoreInsteadOfRunningThem() throws InterruptedException {
        Cancellation gone = new Cancellation();
        RecordingSink cancelled = new RecordingSink();
        RecordingSink expired = new RecordingSink();
        queue.add(new PendingRequest(numbers.request(0, gone, RequestContext.NO_DEADLINE), cancelled, 0));
        queue.add(new PendingRequest(numbers.request(1, new Cancellation(), 10), expired, 0));
        queue.add(pending(2));
        gone.cancel();
        ticker.advance(Duration.ofNanos(10));

        assertThat(take(upTo(3))).containsExactly(2);
        assertThat(cancelled.code()).isEqualTo(ErrorCode.CANCELLED);
        assertThat(expired.code()).isEqualTo(ErrorCode.DEADLINE_EXCEEDED);
        assertThat(cancelled.ends() + expired.ends()).isEqualTo(2);
        assertThat(numbers.buffersOut()).isEqualTo(1);
    }

    @Test
    void goesOnWaitingWhenABatchHeldNothingAnyoneWants() throws Exception {
        Cancellation gone = new Cancellation();
        gone.cancel();
        CompletableFuture<List<Integer>> taken = takeOnAnotherThread(upTo(1));
        RecordingSink cancelled = new RecordingSink();
        queue.add(new PendingRequest(numbers.request(0, gone, RequestContext.NO_DEADLINE), cancelled, 0));
        assertThat(cancelled.code()).isEqualTo(ErrorCode.CANCELLED);
        queue.add(pending(1));

        assertThat(taken.get(10, TimeUnit.SECONDS)).containsExactly(1);
    }

    /** Planted: add() without its signal. */
    @Test
    void wakesASleepingTakerForEachRequest() throws Exception {
        CompletableFuture<List<Integer>> one = takeOnAnotherThread(upTo(1));
        CompletableFuture<List<Integer>> other = takeOnAnotherThread(upTo(1));
        awaitAllTakersAsleep();
        queue.add(pending(1));
        queue.add(pending(2));

        assertThat(List.of(one.get(10, TimeUnit.SECONDS), other.get(10, TimeUnit.SECONDS)))
                .containsExactlyInAnyOrder(List.of(1), List.of(2));
    }

    @Test
    void wakesATakerThatWaitsForCompanyWhenItsBatchIsFull() throws Exception {
        BatchPolicy patient = new SizeOrDelayPolicy(new BatchSpec(3, Duration.ofHours(1)));
        CompletableFuture<List<Integer>> taken = takeOnAnotherThread(patient);
        queue.add(pending(1));
        awaitAllTakersAsleep();
        queue.add(pending(2));
        queue.add(pending(3));

        assertThat(taken.get(10, TimeUnit.SECONDS)).containsExactly(1, 2, 3);
    }

    /** Planted: wakeTakers() with signal() for signalAll(). */
    @Test
    void letsEveryTakerGoWhenItIsNotToWaitAnyMore() throws Exception {
        CompletableFuture<List<Integer>> one = takeOnAnotherThread(upTo(1));
        CompletableFuture<List<Integer>> other = takeOnAnotherThread(upTo(1));
        awaitAllTakersAsleep();
        keepWaiting.set(false);
        queue.wakeTakers();

        assertThat(one.get(10, TimeUnit.SECONDS)).isEmpty();
        assertThat(other.get(10, TimeUnit.SECONDS)).isEmpty();
    }

    @Test
    void givesWhatThereIsToAPolicyThatAsksForMore() throws InterruptedException {
        queue.add(pending(1));

        assertThat(take((facts, now) -> new BatchPolicy.Decision.Close(5))).containsExactly(1);
    }

    @Test
    void refusesWithTheReasonItWasClosedForAndHandsOutWhatWaited() {
        queue.add(pending(1));
        ServingException reason = new ServingException(ErrorCode.MODEL_UNAVAILABLE, "gone");

        assertThat(queue.close(reason)).hasSize(1);
        assertThat(queue.status().waiting()).isZero();
        assertThatThrownBy(() -> queue.add(pending(2))).isSameAs(reason);
    }

    /** Planted: release after the answer without the guard, so that a broken buffer kept the answer back. */
    @Test
    void endsARequestAlsoWhenGivingItsInputsBackFails() throws InterruptedException {
        RecordingSink sink = new RecordingSink();
        PendingRequest request = new PendingRequest(numbers.request(1), sink, 0);
        request.request().release();

        request.fail(new ServingException(ErrorCode.OVERLOADED, "full"));
        assertThat(sink.code()).isEqualTo(ErrorCode.OVERLOADED);
    }
}
