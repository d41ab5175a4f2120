// SPDX-License-Identifier: Apache-2.0
package dev.sluice.lifecycle;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.engine.Batch;
import dev.sluice.engine.BatchSink;
import dev.sluice.engine.LoadedModel;
import dev.sluice.engine.ModelInstance;
import dev.sluice.engine.ModelLoader;
import dev.sluice.engine.Outcome;
import dev.sluice.engine.Sample;
import dev.sluice.engine.SampleFolder;
import dev.sluice.engine.StreamingInstance;
import dev.sluice.fixture.FakeTicker;
import dev.sluice.fixture.Gate;
import dev.sluice.fixture.Numbers;
import dev.sluice.fixture.RecordingSink;
import dev.sluice.fixture.ScriptedModel;
import dev.sluice.fixture.Specs;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.InferenceRequest;
import dev.sluice.inference.InferenceResponse;
import dev.sluice.inference.Output;
import dev.sluice.inference.RequestContext;
import dev.sluice.inference.ServingException;
import dev.sluice.model.InstanceSpec;
import dev.sluice.model.LimitSpec;
import dev.sluice.model.ModelId;
import dev.sluice.model.ModelRef;
import dev.sluice.model.ModelSpec;
import dev.sluice.model.Signature;
import dev.sluice.tensor.DataBuffer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What happens around a load: the self test before, and the memory measured before and after; and what a handle keeps. */
class LoadingTest {
    private static final ModelId V1 = new ModelId("m", "1");
    private static final ModelId V2 = new ModelId("m", "2");
    private static final ModelId OTHER = new ModelId("other", "1");

    private final ModelRegistry registry = new ModelRegistry();
    private final Numbers numbers = new Numbers(ModelRef.of("m"));
    private final List<ScriptedModel> loaded = new CopyOnWriteArrayList<>();
    private final List<String> measured = new ArrayList<>();
    private final ExecutorService pool = Executors.newFixedThreadPool(2);
    private final Script script = new Script();
    private final Probe probe = new Probe();
    private final ModelLifecycle lifecycle = new ModelLifecycle(
            registry,
            script,
            (id, size, queueNanos, computeNanos) -> {},
            new FakeTicker(),
            () -> Instant.EPOCH,
            pool,
            Duration.ofSeconds(10),
            new MemoryWatch(probe, new LifecycleObserver() {
                @Override
                public void memoryMeasured(ModelId model, Moment moment, long residentBytes) {
                    measured.add(model + " " + moment + " " + residentBytes);
                }
            }));

    private final class Script implements ModelLoader {
        private volatile Function<Batch, List<Outcome>> batches = batch -> ScriptedModel.answers(numbers, batch);
        private volatile List<Sample> samples = List.of();
        private volatile @Nullable LoadedModel instead;
        private volatile Function<LoadedModel, LoadedModel> wrapping = model -> model;

        @Override
        public void check(ModelSpec spec) {}

        @Override
        public LoadedModel load(ModelSpec spec) {
            LoadedModel other = instead;
            if (other != null) {
                return other;
            }
            probe.bytes.addAndGet(50);
            ScriptedModel model = new ScriptedModel(batch -> batches.apply(batch));
            loaded.add(model);
            return wrapping.apply(model);
        }

        @Override
        public List<Sample> samples(ModelSpec spec) {
            return samples;
        }
    }

    /** Each load takes 50 bytes, and freed memory is given back when the allocator is told to. */
    private final class Probe implements MemoryProbe {
        private final AtomicLong bytes = new AtomicLong(100);
        private volatile boolean isBroken;

        @Override
        public OptionalLong residentBytes() {
            requireWhole();
            if (bytes.get() < 0) {
                throw new IllegalStateException("no /proc");
            }
            return OptionalLong.of(bytes.get());
        }

        private void requireWhole() {
            if (isBroken) {
                throw new LinkageError("planned");
            }
        }

        @Override
        public void trim() {
            requireWhole();
            long open = loaded.stream().filter(model -> !model.isClosed()).count();
            bytes.set(100 + 50 * open);
        }
    }

    /** Asks one number, and wants a certain answer. */
    private final class NumberSample implements Sample {
        private final int number;
        private final int wanted;

        private NumberSample(int number, int wanted) {
            this.number = number;
            this.wanted = wanted;
        }

        @Override
        public String name() {
            return "number-" + number;
        }

        @Override
        public InferenceRequest request(ModelRef model, RequestContext context) {
            return numbers.request(model, number, context.cancellation(), context.deadlineNanos());
        }

        @Override
        public Optional<String> objection(InferenceResponse answer) {
            int got = Numbers.number(answer);
            return got == wanted ? Optional.empty() : Optional.of("answered " + got + " (expected: " + wanted + ")");
        }
    }

    /** Writes every answer piece by piece, and ends it with {@code end}. */
    private static final class Pieces implements LoadedModel {
        private final LoadedModel model;
        private final List<String> pieces;
        private final Function<InferenceResponse, Outcome> end;
        private final List<DataBuffer> handedOut = new CopyOnWriteArrayList<>();

        private Pieces(LoadedModel model, List<String> pieces, Function<InferenceResponse, Outcome> end) {
            this.model = model;
            this.pieces = pieces;
            this.end = end;
        }

        @Override
        public Signature signature() {
            return model.signature();
        }

        @Override
        public ModelInstance newInstance() {
            ModelInstance instance = model.newInstance();
            return new StreamingInstance() {
                @Override
                public void warmUp() {
                    instance.warmUp();
                }

                @Override
                public void execute(Batch batch, BatchSink answers) {
                    int last = pieces.size() - 1;
                    pieces.subList(0, last).forEach(piece -> answers.part(0, response(batch, piece)));
                    answers.end(0, end.apply(response(batch, pieces.get(last))));
                }

                @Override
                public void close() {
                    instance.close();
                }
            };
        }

        private InferenceResponse response(Batch batch, String piece) {
            DataBuffer content = DataBuffer.wrap(piece.getBytes(UTF_8));
            handedOut.add(content);
            return new InferenceResponse(batch.model(), List.of(new Output.OfContent("text/plain", content)));
        }

        @Override
        public void close() {
            model.close();
        }
    }

    /** A model that streams, with one sample, whose answer is expected to be {@code expected}. */
    private List<Pieces> streaming(Path root, String expected, Function<InferenceResponse, Outcome> end)
            throws IOException {
        Path folder = Files.createDirectory(root.resolve(SampleFolder.NAME));
        Files.writeString(folder.resolve("a.txt"), "count");
        Files.writeString(folder.resolve("a.txt" + SampleFolder.EXPECTED), expected);
        script.samples = SampleFolder.read(root);
        List<Pieces> models = new CopyOnWriteArrayList<>();
        script.wrapping = model -> {
            Pieces pieces = new Pieces(model, List.of("one ", "two ", "three"), end);
            models.add(pieces);
            return pieces;
        };
        return models;
    }

    private static void assertAllGivenBack(List<Pieces> models) {
        assertThat(models).hasSize(1);
        // The verdict comes first.
        await().untilAsserted(() -> assertThat(models.get(0).handedOut)
                .hasSize(3)
                .allSatisfy(content -> assertThat(content.references()).isZero()));
    }

    @AfterEach
    void everythingIsGivenBack() throws Exception {
        get(lifecycle.removeAll());
        pool.shutdown();
        assertThat(pool.awaitTermination(10, TimeUnit.SECONDS)).isTrue();
        await().until(() -> loaded.stream().allMatch(ScriptedModel::isClosed));
        assertThat(loaded).allSatisfy(model -> assertThat(model.violations()).isEmpty());
        assertThat(numbers.buffersOut()).isZero();
    }

    private static <T> T get(CompletionStage<T> stage) throws Exception {
        return stage.toCompletableFuture().get(10, TimeUnit.SECONDS);
    }

    private static ServingException failure(CompletionStage<?> stage) throws Exception {
        try {
            throw new AssertionError("expected a failure, but was: " + get(stage));
        } catch (ExecutionException e) {
            return ServingException.from(e);
        }
    }

    private CompletionStage<ModelVersion> load(ModelId id) throws Exception {
        get(lifecycle.add(Specs.spec(id, 1)));
        return lifecycle.scale(id, new InstanceSpec(1, 1));
    }

    private int ask(ModelHandle handle, int number) throws InterruptedException {
        RecordingSink sink = new RecordingSink();
        handle.scheduler().submit(numbers.request(number), sink);
        return sink.number();
    }

    private int ask(ModelRef ref, int number) throws InterruptedException {
        try (ModelHandle handle = registry.acquire(ref)) {
            return ask(handle, number);
        }
    }

    /** Seen to fail when the samples were asked after the version was published. */
    @Test
    void asksTheSamplesBeforeTheVersionIsReady() throws Exception {
        List<ModelState.Kind> states = new CopyOnWriteArrayList<>();
        script.samples = List.of(new NumberSample(1, Numbers.expected(1)), new NumberSample(2, Numbers.expected(2)));
        script.batches = batch -> {
            states.add(registry.find(ModelRef.of("m")).state().kind());
            return ScriptedModel.answers(numbers, batch);
        };
        ModelVersion version = get(load(V1));

        assertThat(states).containsExactly(ModelState.Kind.LOADING, ModelState.Kind.LOADING);
        assertThat(version.state().kind()).isEqualTo(ModelState.Kind.READY);
    }

    /** Seen to fail when only failed samples counted, and not wrong answers. */
    @Test
    void aWrongAnswerFailsTheLoadSaysWhyAndLeavesTheOldVersionServing() throws Exception {
        get(load(V1));
        script.samples = List.of(new NumberSample(1, 0));

        ServingException failure = failure(load(V2));

        assertThat(failure.code()).isEqualTo(ErrorCode.LOAD_FAILED);
        assertThat(failure)
                .hasMessage("Model m version 2 failed its self test with sample number-1: answered "
                        + Numbers.expected(1) + " (expected: 0)");
        assertThat(registry.find(ModelRef.of("m", "2")).failure()).contains(failure);
        assertThat(loaded.get(1).isClosed()).isTrue();
        assertThat(loaded.get(0).isClosed()).isFalse();
        assertThat(ask(ModelRef.of("m"), 4)).isEqualTo(Numbers.expected(4));
    }

    @Test
    void aSampleThatFailsFailsTheLoad() throws Exception {
        script.samples = List.of(new NumberSample(1, 0));
        script.batches = batch -> {
            throw new ServingException(ErrorCode.ENGINE_FAILED, "Shape mismatch");
        };

        assertThat(failure(load(V1)))
                .hasMessage("Model m version 1 failed its self test with sample number-1: Shape mismatch");
    }

    /** Seen to fail when parts were dropped: only "three" was compared. */
    @Test
    void aStreamedAnswerIsComparedAsAWhole(@TempDir Path root) throws Exception {
        List<Pieces> models = streaming(root, "one two three", Outcome.Success::new);

        assertThat(get(load(V1)).state().kind()).isEqualTo(ModelState.Kind.READY);
        assertAllGivenBack(models);
    }

    /** Seen to fail when parts were dropped: "three" was right. */
    @Test
    void aStreamedAnswerThatOnlyEndsRightlyFailsTheLoad(@TempDir Path root) throws Exception {
        List<Pieces> models = streaming(root, "three", Outcome.Success::new);

        assertThat(failure(load(V1))).hasMessageContaining("answered one two three (expected: three)");
        assertAllGivenBack(models);
    }

    /** Seen to fail when a failure did not give the parts back. */
    @Test
    void aStreamedAnswerThatFailsHalfWayIsGivenBack(@TempDir Path root) throws Exception {
        List<Pieces> models = streaming(root, "one two three", response -> {
            response.release();
            return new Outcome.Failure(new ServingException(ErrorCode.ENGINE_FAILED, "half way"));
        });

        assertThat(failure(load(V1))).hasMessageEndingWith("a.txt: half way");
        assertAllGivenBack(models);
    }

    /** Seen to fail without the bound on the wait. */
    @Test
    void aSampleThatHangsFailsTheLoadAtTheStartupTimeoutAndItsAnswerIsGivenBack() throws Exception {
        Gate gate = new Gate();
        script.samples = List.of(new NumberSample(1, 0));
        script.batches = batch -> {
            // Until the one who waits gives up.
            batch.requests().get(0).context().cancellation().onCancel(gate::open);
            gate.pass();
            return ScriptedModel.answers(numbers, batch);
        };
        LimitSpec impatient = new LimitSpec(10, Duration.ofSeconds(10), Duration.ofMillis(500));
        get(lifecycle.add(Specs.spec(V1, 1, impatient)));
        CompletionStage<ModelVersion> loading = lifecycle.scale(V1, new InstanceSpec(1, 1));
        assertThat(failure(loading))
                .hasMessage("Model m version 1 failed its self test with sample number-1: no answer within the startup"
                        + " timeout of 0 s");
    }

    /** Seen to fail when the figure after an unload was taken before the allocator was told to give back. */
    @Test
    void measuresAroundLoadsAndUnloadsWithWhatWasFreedGivenBack() throws Exception {
        get(load(V1));
        get(lifecycle.remove(V1));

        assertThat(measured)
                .containsExactly(
                        "m:1 BEFORE_LOAD 100", "m:1 AFTER_LOAD 150", "m:1 BEFORE_UNLOAD 150", "m:1 AFTER_UNLOAD 100");
    }

    @Test
    void aFailedLoadLeavesNoMemoryBehind() throws Exception {
        script.samples = List.of(new NumberSample(1, 0));
        ServingException unused = failure(load(V1));

        assertThat(measured).containsExactly("m:1 BEFORE_LOAD 100", "m:1 AFTER_UNLOAD 100");
    }

    @Test
    void aProbeThatFailsFailsNoLoad() throws Exception {
        probe.bytes.set(-1000);

        assertThat(get(load(V1)).state().kind()).isEqualTo(ModelState.Kind.READY);
        assertThat(measured).isEmpty();
    }

    /** Seen to fail when only exceptions were caught: the version stayed LOADING, and nothing could be done with it any more. */
    @Test
    void aProbeThatBreaksFailsNoLoadAndNoUnload() throws Exception {
        probe.isBroken = true;
        ModelVersion version = get(load(V1));
        assertThat(version.state().kind()).isEqualTo(ModelState.Kind.READY);

        get(lifecycle.remove(V1));
        assertThat(version.state().kind()).isEqualTo(ModelState.Kind.UNLOADED);
        assertThat(measured).isEmpty();
    }

    /** Seen to fail when the scheduler was made before anybody would close the model; the weights stayed in memory. */
    @Test
    void aModelThatCannotBeScheduledIsClosed() throws Exception {
        AtomicBoolean isClosed = new AtomicBoolean();
        script.instead = new LoadedModel() {
            @Override
            public Signature signature() {
                return Signature.UNDECLARED;
            }

            @Override
            public boolean isComputeOnly() {
                throw new LinkageError("planned");
            }

            @Override
            public ModelInstance newInstance() {
                throw new AssertionError("there is nobody to ask for one");
            }

            @Override
            public void close() {
                isClosed.set(true);
            }
        };

        assertThat(failure(load(V1)).code()).isEqualTo(ErrorCode.LOAD_FAILED);
        assertThat(isClosed).isTrue();
    }

    /** Seen to fail when all versions shared one count of leases: the other versions stayed for the sake of this handle. */
    @Test
    void aHandleKeepsItsOwnVersionAndNoOther() throws Exception {
        get(load(V1));
        get(load(V2));
        get(load(OTHER));
        ModelHandle handle = registry.acquire(ModelRef.of("m", "1"));

        get(lifecycle.remove(OTHER));
        get(lifecycle.remove(V2));
        CompletionStage<ModelVersion> removed = lifecycle.remove(V1);

        assertThat(loaded).extracting(ScriptedModel::isClosed).containsExactly(false, true, true);
        assertThat(ask(handle, 5)).isEqualTo(Numbers.expected(5));
        assertThat(removed.toCompletableFuture()).isNotDone();
        handle.close();
        get(removed);
        assertThat(loaded.get(0).isClosed()).isTrue();
    }
}
