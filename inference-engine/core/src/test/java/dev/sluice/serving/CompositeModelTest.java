// SPDX-License-Identifier: Apache-2.0
package dev.sluice.serving;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.sluice.engine.Batch;
import dev.sluice.engine.BatchSink;
import dev.sluice.engine.LoadedModel;
import dev.sluice.engine.ModelInstance;
import dev.sluice.engine.ModelLoader;
import dev.sluice.engine.Outcome;
import dev.sluice.engine.StreamingInstance;
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
import dev.sluice.inference.Input;
import dev.sluice.inference.Output;
import dev.sluice.inference.RequestContext;
import dev.sluice.inference.ServingException;
import dev.sluice.lifecycle.ModelLifecycle;
import dev.sluice.lifecycle.ModelRegistry;
import dev.sluice.model.InstanceSpec;
import dev.sluice.model.ModelId;
import dev.sluice.model.ModelRef;
import dev.sluice.model.ModelSpec;
import dev.sluice.model.Signature;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class CompositeModelTest {
    /** (2 * 31 + 7) + (2 + 2): twice and once, then added. */
    private static final Map<String, Object> DIAMOND = Map.of(
            "line", step("line", Map.of("n", "request")),
            "twice", step("sum", Map.of("a", "request", "b", "request")),
            "both", step("sum", Map.of("a", "line", "b", "twice.content")));

    private final FakeTicker ticker = new FakeTicker();
    private final ModelRegistry registry = new ModelRegistry();
    private final Numbers numbers = new Numbers(ModelRef.of("composed"));
    private final RecordingObserver observer = new RecordingObserver();
    private final InferenceService service = new InferenceService(registry, observer, ticker);
    private final ExecutorService pool = Executors.newFixedThreadPool(2);
    private final Gate gate = new Gate();
    private final AtomicInteger partsGiven = new AtomicInteger();
    private final ConcurrentLinkedQueue<RequestContext> seenBySum = new ConcurrentLinkedQueue<>();
    private final Map<String, ScriptedModel> models = new ConcurrentHashMap<>(Map.of(
            "line", ScriptedModel.answering(numbers),
            "sum", new ScriptedModel(this::sums),
            "broken",
                    new ScriptedModel(batch -> {
                        throw new ServingException(ErrorCode.ENGINE_FAILED, "out of order");
                    }),
            "gated",
                    new ScriptedModel(batch -> {
                        gate.pass();
                        return ScriptedModel.answers(numbers, batch);
                    })));
    private final ModelLifecycle lifecycle = new ModelLifecycle(
            registry,
            new CompositeLoader(new ByName(), service),
            observer,
            ticker,
            () -> Instant.EPOCH,
            pool,
            Duration.ofSeconds(10));

    private final class ByName implements ModelLoader {
        @Override
        public void check(ModelSpec spec) {}

        @Override
        public LoadedModel load(ModelSpec spec) {
            String name = spec.id().name();
            return name.equals("stream") ? new Stream() : Objects.requireNonNull(models.get(name));
        }
    }

    /** Answers with a hundred parts, as long as anybody wants them. */
    private final class Stream implements LoadedModel, StreamingInstance {
        @Override
        public Signature signature() {
            return Signature.UNDECLARED;
        }

        @Override
        public ModelInstance newInstance() {
            return this;
        }

        @Override
        public void warmUp() {}

        @Override
        public void execute(Batch batch, BatchSink answers) {
            for (int i = 0; i < 100 && answers.isWanted(0); i++) {
                partsGiven.incrementAndGet();
                answers.part(
                        0, new InferenceResponse(batch.model(), List.of(new Output.OfContent("", numbers.buffer(i)))));
            }
            answers.end(0, numbers.answer(batch.model(), batch.requests().get(0)));
        }

        @Override
        public void close() {}
    }

    private List<Outcome> sums(Batch batch) {
        List<Outcome> outcomes = new ArrayList<>();
        for (InferenceRequest request : batch.requests()) {
            seenBySum.add(request.context());
            int sum = request.inputs().stream()
                    .mapToInt(
                            input -> ((Input.OfContent) input).content().view().getInt(0))
                    .sum();
            outcomes.add(new Outcome.Success(
                    new InferenceResponse(batch.model(), List.of(new Output.OfContent("", numbers.buffer(sum))))));
        }
        return outcomes;
    }

    private static Map<String, Object> step(String model, Map<String, String> inputs) {
        return Map.of("model", model, "inputs", inputs);
    }

    private void serve(String... names) throws Exception {
        for (String name : names) {
            ModelId id = new ModelId(name, "1");
            get(lifecycle.add(Specs.spec(id, 0)));
            get(lifecycle.scale(id, new InstanceSpec(1, 1)));
        }
    }

    private void compose(Map<String, Object> composite) throws Exception {
        ModelId id = new ModelId("composed", "1");
        get(lifecycle.add(spec(id, composite)));
        get(lifecycle.scale(id, new InstanceSpec(1, 1)));
    }

    private static ModelSpec spec(ModelId id, Map<String, Object> composite) {
        ModelSpec like = Specs.spec(id, 0);
        return new ModelSpec(
                id,
                like.location(),
                like.files(),
                like.engine(),
                CompositeLoader.HANDLER,
                like.batching(),
                like.instances(),
                like.limits(),
                Map.of("handler", Map.of("composite", composite)));
    }

    private RecordingSink infer(InferenceRequest request) {
        RecordingSink sink = new RecordingSink();
        service.infer(request, sink);
        return sink;
    }

    private static <T> T get(CompletionStage<T> stage) throws Exception {
        return stage.toCompletableFuture().get(10, TimeUnit.SECONDS);
    }

    @AfterEach
    void everyBufferAndEveryLeaseIsBack() throws Exception {
        gate.open();
        get(lifecycle.removeAll());
        pool.shutdown();
        assertThat(numbers.buffersOut()).isZero();
        assertThat(models.values())
                .allSatisfy(model -> assertThat(model.violations()).isEmpty());
    }

    @Test
    void answersWhatTheStepsMakeOfTheRequest() throws Exception {
        serve("line", "sum");
        compose(Map.of("steps", DIAMOND, "outputs", Map.of("out", "both")));

        for (int i = 0; i < 200; i++) {
            assertThat(infer(numbers.request(i)).number()).isEqualTo(Numbers.expected(i) + 2 * i);
        }
    }

    /** Planted: steps without the parent's context; they ran on the common tenant's share, without a deadline. */
    @Test
    void stepsHaveTheDeadlineTenantAndPriorityOfTheRequest() throws Exception {
        serve("line", "sum");
        compose(Map.of("steps", DIAMOND, "outputs", Map.of("out", "both")));
        long deadline = ticker.nanos() + Duration.ofMinutes(1).toNanos();
        InferenceRequest plain = numbers.request(1, new Cancellation(), deadline);
        infer(new InferenceRequest(
                        plain.model(),
                        plain.inputs(),
                        List.of(),
                        Map.of(),
                        plain.context().withTenant("t").withPriority(2)))
                .awaitEnd();

        assertThat(seenBySum).hasSize(2).allSatisfy(context -> {
            assertThat(context.deadlineNanos()).isEqualTo(deadline);
            assertThat(context.tenant()).isEqualTo("t");
            assertThat(context.priority()).isEqualTo(2);
            assertThat(context.protocol()).isEqualTo("composite");
            assertThat(context.requestId()).startsWith("request-1/");
        });
    }

    /** Planted: the other steps not cancelled; the one that waits kept its place in the queue. */
    @Test
    void theFirstStepThatFailsFailsTheRequestAndCancelsTheOthers() throws Exception {
        serve("gated", "broken", "sum");
        compose(Map.of(
                "steps",
                Map.of(
                        "slow", step("gated", Map.of("n", "request")),
                        "bad", step("broken", Map.of("n", "request")),
                        "both", step("sum", Map.of("a", "slow", "b", "bad"))),
                "outputs",
                Map.of("out", "both")));
        RecordingSink occupies = infer(numbers.request(ModelRef.of("gated"), 1, new Cancellation(), Long.MAX_VALUE));
        gate.awaitArrival();
        ServingException failure = infer(numbers.request(2)).failure();

        assertThat(failure.code()).isEqualTo(ErrorCode.ENGINE_FAILED);
        assertThat(failure.safeMessage()).isEqualTo("Step 'bad' of model \"composed\": out of order");
        await().until(() -> registry.find(ModelRef.of("gated")).queue().waiting() == 0);
        gate.open();
        assertThat(occupies.number()).isEqualTo(Numbers.expected(1));
        assertThat(seenBySum).isEmpty();
    }

    @Test
    void aCallerThatLeavesCancelsTheStepsThatWait() throws Exception {
        serve("gated");
        compose(Map.of("steps", Map.of("a", step("gated", Map.of("n", "request"))), "outputs", Map.of("out", "a")));
        RecordingSink occupies = infer(numbers.request(ModelRef.of("gated"), 1, new Cancellation(), Long.MAX_VALUE));
        gate.awaitArrival();
        Cancellation cancellation = new Cancellation();
        RecordingSink leaves = infer(numbers.request(2, cancellation, RequestContext.NO_DEADLINE));
        await().until(() -> registry.find(ModelRef.of("gated")).queue().waiting() == 1);
        cancellation.cancel();

        assertThat(leaves.code()).isEqualTo(ErrorCode.CANCELLED);
        await().until(() -> registry.find(ModelRef.of("gated")).queue().waiting() == 0);
        gate.open();
        assertThat(occupies.number()).isEqualTo(Numbers.expected(1));
    }

    @Test
    void aStepWhoseModelIsNotThereIsNoMistakeOfTheClients() throws Exception {
        compose(Map.of("steps", Map.of("a", step("nothing", Map.of("n", "request"))), "outputs", Map.of("out", "a")));

        ServingException failure = infer(numbers.request(1)).failure();
        assertThat(failure.code()).isEqualTo(ErrorCode.MODEL_UNAVAILABLE);
        assertThat(failure.safeMessage()).isEqualTo("Step 'a' of model \"composed\": Model not found: nothing");
    }

    @Test
    void anInputTheRequestDoesNotHaveIsTheClientsMistake() throws Exception {
        serve("line");
        compose(Map.of("steps", Map.of("a", step("line", Map.of("n", "request.m"))), "outputs", Map.of("out", "a")));

        ServingException failure = infer(numbers.request(1)).failure();
        assertThat(failure.code()).isEqualTo(ErrorCode.INVALID_INPUT);
        assertThat(failure.safeMessage()).isEqualTo("inputs: [number] (expected: one named 'm')");
    }

    /** Planted: bytes not counted; the request was answered. */
    @Test
    void holdsNoMoreBytesThanItMay() throws Exception {
        serve("line", "sum");
        compose(Map.of("steps", DIAMOND, "outputs", Map.of("out", "both"), "maxBytes", 7));

        assertThat(infer(numbers.request(1)).code()).isEqualTo(ErrorCode.OUT_OF_MEMORY);
    }

    /** Planted: outputs kept until the end; three of four bytes each were above the bound of eleven. */
    @Test
    void letsOutputsGoOnceEveryStepThatReadsThemHasThem() throws Exception {
        serve("line", "sum");
        compose(Map.of("steps", DIAMOND, "outputs", Map.of("out", "both"), "maxBytes", 11));

        assertThat(infer(numbers.request(1)).number()).isEqualTo(Numbers.expected(1) + 2);
    }

    /**
     * Seen to fail when a request waited for a permit on the instance's thread, claimed, past its deadline and its cancellation; and
     * when there was no bound.
     */
    @Test
    void requestsBeyondThoseInFlightAreRefused() throws Exception {
        serve("gated");
        compose(Map.of(
                "steps",
                Map.of("a", step("gated", Map.of("n", "request"))),
                "outputs",
                Map.of("out", "a"),
                "maxInFlight",
                2));
        List<RecordingSink> sinks = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            sinks.add(infer(numbers.request(i)));
        }
        for (RecordingSink beyond : sinks.subList(2, 10)) {
            assertThat(beyond.failure())
                    .hasMessage("Model \"composed\" has 2 requests under way, as many as it may"
                            + " (handler.composite.maxInFlight)");
            assertThat(beyond.code()).isEqualTo(ErrorCode.OVERLOADED);
        }

        gate.open();
        assertThat(sinks.get(0).number()).isEqualTo(Numbers.expected(0));
        assertThat(sinks.get(1).number()).isEqualTo(Numbers.expected(1));
        assertThat(infer(numbers.request(3)).number()).isEqualTo(Numbers.expected(3));
    }

    /** Seen to fail when parts were counted at the end of their step; all hundred were kept until then. */
    @Test
    void partsOfAStreamCountAsTheyComeAndEndItWhenTheyAreTooMany() throws Exception {
        serve("stream");
        compose(Map.of(
                "steps",
                Map.of("a", step("stream", Map.of("n", "request"))),
                "outputs",
                Map.of("out", "a"),
                "maxBytes",
                11));

        assertThat(infer(numbers.request(1)).code()).isEqualTo(ErrorCode.OUT_OF_MEMORY);
        await().untilAsserted(() -> assertThat(numbers.buffersOut()).isZero());
        assertThat(partsGiven).hasValue(3);
    }

    @Test
    void refusesAModelThatCallsItself() {
        ModelSpec itself = spec(
                new ModelId("composed", "1"),
                Map.of("steps", Map.of("a", step("composed", Map.of("n", "request"))), "outputs", Map.of("out", "a")));

        assertThatThrownBy(() -> get(lifecycle.add(itself)))
                .hasRootCauseMessage("steps.a.model: 'composed' (expected: another model than this one)");
    }

    /** Planted: no count of the depth; the request went round until the deadline it did not have. */
    @Test
    void aCircleOfCompositeModelsEnds() throws Exception {
        composeCircle(64);

        ServingException failure = infer(numbers.request(1)).failure();
        assertThat(failure.code()).isEqualTo(ErrorCode.INVALID_MODEL);
        assertThat(failure.safeMessage()).endsWith("(expected: at most 16, and none that calls itself)");
    }

    /** Seen to fail when requests waited for permits: each model's instance waited for the other's, and none ever ended. */
    @Test
    void manyRequestsInACircleAllEnd() throws Exception {
        composeCircle(8);
        List<RecordingSink> sinks = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            sinks.add(infer(numbers.request(i)));
        }

        for (RecordingSink sink : sinks) {
            assertThat(sink.code()).isIn(ErrorCode.OVERLOADED, ErrorCode.INVALID_MODEL);
        }
        assertThat(infer(numbers.request(1)).code())
                .as("sixteen deep takes all permits, so all are back")
                .isEqualTo(ErrorCode.INVALID_MODEL);
    }

    private void composeCircle(int maxInFlight) throws Exception {
        for (String name : List.of("composed", "other")) {
            String next = name.equals("other") ? "composed" : "other";
            ModelId id = new ModelId(name, "1");
            get(lifecycle.add(spec(
                    id,
                    Map.of(
                            "steps",
                            Map.of("a", step(next, Map.of("n", "request"))),
                            "outputs",
                            Map.of("out", "a"),
                            "maxInFlight",
                            maxInFlight))));
            get(lifecycle.scale(id, new InstanceSpec(1, 1)));
        }
    }
}
