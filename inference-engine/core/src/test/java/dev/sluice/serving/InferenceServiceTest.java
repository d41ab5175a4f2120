// SPDX-License-Identifier: Apache-2.0
package dev.sluice.serving;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.engine.LoadedModel;
import dev.sluice.engine.ModelLoader;
import dev.sluice.engine.Outcome;
import dev.sluice.fixture.FakeTicker;
import dev.sluice.fixture.Gate;
import dev.sluice.fixture.Numbers;
import dev.sluice.fixture.RecordingSink;
import dev.sluice.fixture.ScriptedModel;
import dev.sluice.fixture.Specs;
import dev.sluice.inference.Cancellation;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.InferenceRequest;
import dev.sluice.inference.InferenceResponse;
import dev.sluice.inference.RequestContext;
import dev.sluice.inference.ResponseSink;
import dev.sluice.inference.ServingException;
import dev.sluice.lifecycle.ModelLifecycle;
import dev.sluice.lifecycle.ModelRegistry;
import dev.sluice.model.InstanceSpec;
import dev.sluice.model.LimitSpec;
import dev.sluice.model.ModelId;
import dev.sluice.model.ModelRef;
import dev.sluice.model.ModelSpec;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class InferenceServiceTest {
    private static final ModelId ID = new ModelId("m", "1.0");

    private final FakeTicker ticker = new FakeTicker();
    private final ModelRegistry registry = new ModelRegistry();
    private final Numbers numbers = new Numbers(ModelRef.of("m"));
    private final RecordingObserver observer = new RecordingObserver();
    private final InferenceService service = new InferenceService(registry, observer, ticker);
    private final ExecutorService pool = Executors.newFixedThreadPool(2);
    private final Gate gate = new Gate();
    private final ScriptedModel model = new ScriptedModel(batch -> {
        gate.pass();
        return batch.requests().stream()
                .map(request -> Numbers.number(request) < 0
                        ? new Outcome.Failure(new ServingException(ErrorCode.INVALID_INPUT, "negative"))
                        : numbers.answer(batch.model(), request))
                .toList();
    });
    private final ModelLifecycle lifecycle = new ModelLifecycle(
            registry, new OneModel(), observer, ticker, () -> Instant.EPOCH, pool, Duration.ofSeconds(10));

    private final class OneModel implements ModelLoader {
        @Override
        public void check(ModelSpec spec) {}

        @Override
        public LoadedModel load(ModelSpec spec) {
            return model;
        }
    }

    @AfterEach
    void everyBufferAndEveryLeaseIsBack() throws Exception {
        gate.open();
        // Draining would time out, and the model stay open, if a lease were missing.
        get(lifecycle.removeAll());
        pool.shutdown();
        assertThat(numbers.buffersOut()).isZero();
        assertThat(model.violations()).isEmpty();
    }

    private static <T> T get(CompletionStage<T> stage) throws Exception {
        return stage.toCompletableFuture().get(10, TimeUnit.SECONDS);
    }

    private void serve(int queueCapacity) throws Exception {
        LimitSpec limits = new LimitSpec(queueCapacity, Duration.ofSeconds(10), Duration.ofSeconds(10));
        get(lifecycle.add(Specs.spec(ID, 1, limits)));
        get(lifecycle.scale(ID, new InstanceSpec(1, 1)));
    }

    private RecordingSink infer(InferenceRequest request) {
        RecordingSink sink = new RecordingSink();
        service.infer(request, sink);
        return sink;
    }

    private RecordingSink infer(ModelRef to, int number) {
        return infer(numbers.request(to, number, new Cancellation(), RequestContext.NO_DEADLINE));
    }

    private void assertRefused(RecordingSink sink, ErrorCode code) throws InterruptedException {
        assertThat(sink.code()).isEqualTo(code);
        assertThat(sink.ends()).isEqualTo(1);
        assertThat(observer.finished())
                .extracting(RecordingObserver.Finished::failure)
                .containsExactly(Optional.of(code));
        assertThat(numbers.buffersOut()).isZero();
    }

    @Test
    void answersAndTellsTheObserverOnceWithTheTimeItTook() throws Exception {
        serve(10);
        gate.open();
        ticker.advance(Duration.ofNanos(9));
        RecordingSink sink = infer(numbers.request(3));

        assertThat(sink.number()).isEqualTo(Numbers.expected(3));
        assertThat(sink.ends()).isEqualTo(1);
        assertThat(observer.finished())
                .containsExactly(new RecordingObserver.Finished(ModelRef.of("m"), Optional.empty(), 9));
    }

    @Test
    void passesOnWhyOneRequestFailed() throws Exception {
        serve(10);
        gate.open();

        assertRefused(infer(numbers.request(-1)), ErrorCode.INVALID_INPUT);
    }

    @Test
    void refusesAModelThereIsNot() throws Exception {
        assertRefused(infer(ModelRef.of("nothing"), 1), ErrorCode.MODEL_NOT_FOUND);
    }

    @Test
    void refusesAVersionThereIsNot() throws Exception {
        serve(10);
        assertRefused(infer(ModelRef.of("m", "7"), 1), ErrorCode.VERSION_NOT_FOUND);
    }

    @Test
    void refusesAModelWithoutInstances() throws Exception {
        get(lifecycle.add(Specs.spec(ID, 0)));
        assertRefused(infer(numbers.request(1)), ErrorCode.MODEL_UNAVAILABLE);
    }

    /** Planted: the handle not closed on refusal; the drain at the end of the test then timed out. */
    @Test
    void refusesWhenTheQueueIsFullAndGivesTheLeaseBack() throws Exception {
        serve(1);
        RecordingSink runs = infer(numbers.request(1));
        gate.awaitArrival();
        RecordingSink waits = infer(numbers.request(2));
        RecordingSink refused = infer(numbers.request(3));

        assertThat(refused.code()).isEqualTo(ErrorCode.OVERLOADED);
        assertThat(refused.ends()).isEqualTo(1);
        assertThat(observer.finished()).hasSize(1);
        gate.open();
        assertThat(runs.number()).isEqualTo(Numbers.expected(1));
        assertThat(waits.number()).isEqualTo(Numbers.expected(2));
        assertThat(observer.finished()).hasSize(3);
    }

    /** Planted: the observer called after the answer; a client that had its answer did not find it counted. */
    @Test
    void countsARequestBeforeItsAnswerIsThereAndHoldsTheVersionUntilItIsHandedOver() throws Exception {
        serve(10);
        List<String> order = new CopyOnWriteArrayList<>();
        service.infer(numbers.request(1), new ResponseSink() {
            @Override
            public void part(InferenceResponse part) {}

            @Override
            public void complete(InferenceResponse response) {
                order.add("counted " + observer.finished().size());
                order.add(model.isClosed() ? "freed" : "in memory");
                response.release();
                order.add("answered");
            }

            @Override
            public void fail(ServingException failure) {}
        });
        gate.awaitArrival();
        CompletionStage<?> removed = lifecycle.remove(ID);
        gate.open();
        get(removed);

        assertThat(order).containsExactly("counted 1", "in memory", "answered");
        assertThat(model.isClosed()).isTrue();
    }

    /** Planted: an observer called without a guard; neither answer came. */
    @Test
    void anObserverThatThrowsKeepsNobodyFromTheirAnswer() throws Exception {
        serve(10);
        gate.open();
        ServingObserver broken = new ServingObserver() {
            @Override
            public void requestFinished(
                    ModelRef ref, RequestContext context, Optional<ErrorCode> failure, long totalNanos) {
                throw new IllegalStateException("broken metrics");
            }

            @Override
            public void batchExecuted(ModelId id, int size, long queueNanos, long computeNanos) {}
        };
        InferenceService unlucky = new InferenceService(registry, broken, ticker);
        RecordingSink answered = new RecordingSink();
        RecordingSink refused = new RecordingSink();
        unlucky.infer(numbers.request(1), answered);
        unlucky.infer(
                numbers.request(ModelRef.of("nothing"), 1, new Cancellation(), RequestContext.NO_DEADLINE), refused);

        assertThat(answered.number()).isEqualTo(Numbers.expected(1));
        assertThat(refused.code()).isEqualTo(ErrorCode.MODEL_NOT_FOUND);
    }

    /** Planted: no memory of the first end; the second gave back a lease that was another request's. */
    @Test
    void aSecondEndOfOneRequestChangesNothing() throws Exception {
        serve(10);
        gate.open();
        InferenceRequest request = numbers.request(1);
        RecordingSink sink = new RecordingSink();
        ServedSink served = new ServedSink(request, sink, registry.acquire(ModelRef.of("m")), observer, ticker);

        served.complete(((Outcome.Success) numbers.answer(ID, request)).response());
        served.complete(((Outcome.Success) numbers.answer(ID, request)).response());
        served.fail(new ServingException(ErrorCode.INTERNAL, "again"));
        request.release();

        assertThat(sink.ends()).isEqualTo(1);
        assertThat(observer.finished()).hasSize(1);
        assertThat(observer.answeredTwice()).containsExactly(ID, ID);
    }

    @Test
    void everyOneOfManyGetsItsOwnAnswer() throws Exception {
        serve(1000);
        gate.open();
        List<RecordingSink> sinks = new ArrayList<>();
        for (int i = 0; i < 500; i++) {
            sinks.add(infer(numbers.request(i)));
        }

        for (int i = 0; i < 500; i++) {
            assertThat(sinks.get(i).number()).isEqualTo(Numbers.expected(i));
        }
        await().until(() -> observer.finished().size() == 500);
    }
}
