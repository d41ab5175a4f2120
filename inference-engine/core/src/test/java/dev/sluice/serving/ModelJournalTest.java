// SPDX-License-Identifier: Apache-2.0
package dev.sluice.serving;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.engine.LoadedModel;
import dev.sluice.engine.ModelLoader;
import dev.sluice.fixture.FakeTicker;
import dev.sluice.fixture.Numbers;
import dev.sluice.fixture.ScriptedModel;
import dev.sluice.fixture.Specs;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.lifecycle.ModelLifecycle;
import dev.sluice.lifecycle.ModelRegistry;
import dev.sluice.lifecycle.ModelState;
import dev.sluice.lifecycle.ModelVersions;
import dev.sluice.model.InstanceSpec;
import dev.sluice.model.ModelId;
import dev.sluice.model.ModelRef;
import dev.sluice.model.ModelSpec;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Everything on one thread, in orders that seeds choose: tasks of the load pool, and writes that end when the test says so. */
class ModelJournalTest {
    /** Runs what the admin, the lifecycle and the journal have to do, one step at a time. */
    private static final class World implements ModelResolver, ModelLoader, ModelJournal {
        private final Deque<Runnable> tasks = new ArrayDeque<>();
        private final Deque<CompletableFuture<Void>> writes = new ArrayDeque<>();
        private final List<Occasion> occasions = new ArrayList<>();
        private final List<String> discarded = new ArrayList<>();
        private final List<String> released = new ArrayList<>();
        private final ModelRegistry registry = new ModelRegistry();
        private final ModelLifecycle lifecycle = new ModelLifecycle(
                registry,
                this,
                new RecordingObserver(),
                new FakeTicker(),
                () -> Instant.EPOCH,
                tasks::add,
                Duration.ofSeconds(10));
        private final ModelAdmin admin;

        /** What is on the disk. */
        private DesiredModels written;

        /** Written by the test: whether what ran the models is not installed any more. */
        private boolean lacksEngines;

        /** What is being written. */
        private DesiredModels next = DesiredModels.NONE;

        World(DesiredModels restored) {
            written = restored;
            admin = new ModelAdmin(registry, lifecycle, this, tasks::add, this, restored);
        }

        @Override
        public ModelSpec resolve(RegisterModel command) {
            String[] parts = command.location().split(":", -1);
            if (parts[0].equals("missing")) {
                throw new ServingException(ErrorCode.SOURCE_NOT_FOUND, "Model not found at: missing");
            }
            InstanceSpec instances = command.restored()
                    .map(RegisterModel.Restored::instances)
                    .orElseGet(() -> new InstanceSpec(
                            command.initialInstances().orElse(0),
                            command.initialInstances().orElse(0)));
            return Specs.spec(new ModelId(command.name().orElse(parts[0]), parts[1]), 0)
                    .withInstances(instances);
        }

        @Override
        public void discard(ModelSpec spec) {
            discarded.add(spec.id().toString());
        }

        @Override
        public void release(ModelSpec spec) {
            released.add(spec.id().toString());
        }

        @Override
        public void check(ModelSpec spec) {
            if (lacksEngines) {
                throw new ServingException(ErrorCode.INVALID_MODEL, "No such engine");
            }
        }

        @Override
        public LoadedModel load(ModelSpec spec) {
            if (spec.id().version().equals("bad")) {
                throw new ServingException(ErrorCode.LOAD_FAILED, "Broken");
            }
            return ScriptedModel.answering(new Numbers(ModelRef.of(spec.id().name())));
        }

        @Override
        public CompletionStage<Void> write(DesiredModels wanted, Occasion occasion) {
            assertThat(writes).as("writes at once").isEmpty();
            next = wanted;
            occasions.add(occasion);
            CompletableFuture<Void> write = new CompletableFuture<>();
            writes.add(write);
            return write;
        }

        void endWrite() {
            written = next;
            writes.remove().complete(null);
        }

        void failWrite() {
            writes.remove().completeExceptionally(new IOException("disk full"));
        }

        void runTasks() {
            while (!tasks.isEmpty()) {
                tasks.remove().run();
            }
        }

        void settle() {
            while (!tasks.isEmpty() || !writes.isEmpty()) {
                runTasks();
                if (!writes.isEmpty()) {
                    endWrite();
                }
            }
        }

        void run(CompletionStage<?> stage) {
            assertThat(done(stage)).isCompleted();
        }

        <T> CompletableFuture<T> done(CompletionStage<T> stage) {
            settle();
            assertThat(stage.toCompletableFuture()).isDone();
            return stage.toCompletableFuture();
        }

        /** Name to version to instances, with a star at the default version and labels in their order. */
        static String words(DesiredModels models) {
            Map<String, String> words = new TreeMap<>();
            models.byName()
                    .forEach((name, model) -> model.byVersion()
                            .forEach((version, wanted) -> words.put(
                                    name + ":" + version
                                            + (model.defaultVersion().equals(version) ? "*" : ""),
                                    range(wanted.instances()) + labels(model.labels(), version))));
            return words.toString();
        }

        String liveWords() {
            Map<String, String> words = new TreeMap<>();
            for (ModelVersions versions : registry.models().values()) {
                versions.byVersion()
                        .forEach((version, live) -> words.put(
                                live.id() + (versions.defaultVersion().equals(version) ? "*" : ""),
                                range(live.spec().instances()) + labels(versions.labels(), version)));
            }
            return words.toString();
        }

        private static String range(InstanceSpec instances) {
            return instances.min() + "-" + instances.max();
        }

        private static String labels(Map<String, String> labels, String version) {
            return labels.entrySet().stream()
                    .filter(label -> label.getValue().equals(version))
                    .map(Map.Entry::getKey)
                    .sorted()
                    .toList()
                    .toString();
        }
    }

    private final World world = new World(DesiredModels.NONE);

    private static RegisterModel command(String location, int instances, boolean keepIfFailed) {
        return new RegisterModel(
                location,
                Optional.empty(),
                Optional.empty(),
                OptionalInt.empty(),
                Optional.empty(),
                OptionalInt.of(instances),
                Optional.empty(),
                Optional.empty(),
                keepIfFailed,
                false);
    }

    private static CompletionStage<Void> registered(World world, String location, int instances) {
        return world.admin.register(command(location, instances, false)).thenCompose(ModelAdmin.Registration::ready);
    }

    private static ServingException failure(CompletableFuture<?> stage) {
        assertThat(stage).isCompletedExceptionally();
        return stage.<ServingException>handle((value, failure) -> ServingException.from(failure))
                .getNow(new ServingException(ErrorCode.INTERNAL, "not done"));
    }

    /** Planted: the act before the write. */
    @Test
    void actsOnNothingAndAnswersNothingBeforeItIsWrittenDown() {
        CompletableFuture<?> answer =
                world.admin.register(command("a:1", 1, false)).toCompletableFuture();
        world.runTasks();
        assertThat(world.writes).hasSize(1);
        assertThat(world.liveWords()).isEqualTo("{}");
        assertThat(answer).isNotDone();

        world.endWrite();
        world.runTasks();
        assertThat(answer).isCompleted();
        assertThat(world.liveWords()).isEqualTo("{a:1*=1-1[]}");

        CompletableFuture<?> scaling = world.admin
                .startScaling(ModelRef.of("a"), new InstanceSpec(2, 3))
                .toCompletableFuture();
        world.runTasks();
        assertThat(scaling).isNotDone();
        assertThat(world.liveWords()).isEqualTo("{a:1*=1-1[]}");
        world.endWrite();
        assertThat(scaling).isCompleted();

        CompletableFuture<?> removal = world.admin.unregister(ModelRef.of("a")).toCompletableFuture();
        world.runTasks();
        assertThat(removal).isNotDone();
        assertThat(world.liveWords()).isEqualTo("{a:1*=2-3[]}");
        world.settle();
        assertThat(removal).isCompleted();
        assertThat(World.words(world.written)).isEqualTo("{}");
    }

    @Test
    void refusesWhatCannotBeWrittenDownAndChangesNothing() {
        world.run(registered(world, "a:1", 1));
        CompletableFuture<?> scaling =
                world.admin.scale(ModelRef.of("a"), new InstanceSpec(2, 2)).toCompletableFuture();
        CompletableFuture<?> registering = registered(world, "b:1", 0).toCompletableFuture();
        world.runTasks();
        world.failWrite();
        world.runTasks();
        world.failWrite();
        world.settle();

        assertThat(failure(scaling).code()).isEqualTo(ErrorCode.INTERNAL);
        assertThat(failure(scaling))
                .hasMessageStartingWith("The change could not be written to disk, so it was not made");
        assertThat(failure(registering).code()).isEqualTo(ErrorCode.INTERNAL);
        assertThat(world.liveWords()).isEqualTo("{a:1*=1-1[]}").isEqualTo(World.words(world.written));
        // And the disk is asked again for the next one.
        assertThat(world.done(registered(world, "b:1", 0))).isCompleted();
        assertThat(World.words(world.written)).isEqualTo("{a:1*=1-1[], b:1*=0-0[]}");
    }

    /** Planted: the correction left out. */
    @Test
    void takesBackARegistrationThatFailsBeforeItAnswers() {
        CompletableFuture<?> answer = registered(world, "a:bad", 1).toCompletableFuture();
        world.runTasks();
        world.endWrite();
        world.runTasks();

        assertThat(World.words(world.written)).isEqualTo("{a:bad*=1-1[]}");
        assertThat(answer).isNotDone();
        world.settle();
        assertThat(failure(answer)).hasMessage("Broken");
        assertThat(World.words(world.written)).isEqualTo("{}");
    }

    @Test
    void takesBackLabelsAndRemovalsThatFail() {
        world.run(registered(world, "a:1", 0));
        world.run(registered(world, "a:2", 0));
        String before = World.words(world.written);

        assertThat(failure(world.done(world.admin.setLabels("a", Map.of("stable", "1"), false)))
                        .code())
                .isEqualTo(ErrorCode.FAILED_PRECONDITION);
        assertThat(failure(world.done(world.admin.unregister(ModelRef.of("a", "1"))))
                        .code())
                .isEqualTo(ErrorCode.FAILED_PRECONDITION);
        assertThat(World.words(world.written)).isEqualTo(before).isEqualTo(world.liveWords());
    }

    @Test
    void writesChangesThatComeMeanwhileTogether() {
        List<CompletableFuture<?>> answers = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            answers.add(registered(world, "m" + i + ":1", 0).toCompletableFuture());
        }
        world.runTasks();
        world.settle();

        assertThat(answers).allMatch(CompletableFuture::isDone);
        assertThat(world.written.byName()).hasSize(100);
        assertThat(world.occasions).as("writes").hasSize(2);
    }

    @Test
    void listedModelsAreWrittenWithTheChangeAfterThem() {
        world.run(world.admin.register(RegisterModel.atStartup("a:1", Optional.empty())));
        assertThat(world.occasions).isEmpty();
        world.run(world.admin.write(ModelJournal.Occasion.STARTUP));
        assertThat(world.occasions).containsExactly(ModelJournal.Occasion.STARTUP);
        assertThat(World.words(world.written)).isEqualTo("{a:1*=0-0[]}");
    }

    /** Seen to fail: a journal that never saw the model took it for one that is new in the list, and it came back. */
    @Test
    void aListedModelIsWrittenBeforeACallerRemovesIt() {
        world.run(world.admin.register(RegisterModel.atStartup("a:1", Optional.empty())));
        CompletableFuture<?> removal = world.admin.unregister(ModelRef.of("a")).toCompletableFuture();
        world.runTasks();
        world.endWrite();
        assertThat(World.words(world.written)).isEqualTo("{a:1*=0-0[]}");
        assertThat(world.done(removal)).isCompleted();
        assertThat(World.words(world.written)).isEqualTo("{}").isEqualTo(world.liveWords());
        assertThat(world.occasions).as("writes").hasSize(2);
    }

    @Test
    void restoresWhatWasWrittenAndKeepsWantingWhatIsMissing() {
        world.run(registered(world, "a:2", 1));
        world.run(registered(world, "a:1", 2));
        world.run(world.admin.setDefault(new ModelId("a", "1")));
        world.run(world.admin.setLabels("a", Map.of("canary", "2"), false));
        world.run(world.admin.register(command("gone:1", 1, false)));
        DesiredVersion gone = world.written.find(new ModelId("gone", "1")).orElseThrow();
        DesiredModels files = world.written
                .without(gone.id(), Optional.empty())
                .with(new DesiredVersion(
                        gone.id(),
                        RegisterModel.atStartup("missing:1", Optional.of("gone")),
                        1,
                        Duration.ZERO,
                        Duration.ofSeconds(7),
                        Duration.ofSeconds(8),
                        new InstanceSpec(1, 4),
                        99));

        World next = new World(files);
        files.byName()
                .values()
                .forEach(model -> model.byVersion().values().forEach(version -> next.run(next.admin.restore(version))));
        files.byName().keySet().forEach(name -> next.run(next.admin.restoreChoices(name)));

        assertThat(next.liveWords()).isEqualTo("{a:1*=2-2[], a:2=1-1[canary], gone:1*=1-4[]}");
        ModelStatus missing = next.admin.describe(ModelRef.of("gone"));
        assertThat(missing.state()).isEqualTo(ModelState.Kind.FAILED);
        assertThat(missing.failure().orElseThrow()).hasMessage("Model not found at: missing");
        assertThat(next.occasions).as("writes").isEmpty();
        next.run(next.admin.write(ModelJournal.Occasion.SHUTDOWN));
        assertThat(World.words(next.written)).isEqualTo(World.words(files));
        next.run(next.admin.unregister(ModelRef.of("gone")));
        assertThat(World.words(next.written)).isEqualTo(next.liveWords()).doesNotContain("gone");
    }

    /** Seen to fail when such a model was wanted and nowhere: it could be neither registered nor unregistered. */
    @Test
    void aRestoredModelThatNothingCanRunAnyMoreIsThereToBeUnregistered() {
        world.run(registered(world, "a:1", 1));
        World next = new World(world.written);
        next.lacksEngines = true;
        next.run(next.admin.restore(world.written.find(new ModelId("a", "1")).orElseThrow()));

        ModelStatus there = next.admin.describe(ModelRef.of("a"));
        assertThat(there.state()).isEqualTo(ModelState.Kind.FAILED);
        assertThat(there.failure().orElseThrow()).hasMessage("No such engine");
        // What was downloaded for it is there when the engine is back.
        assertThat(next.discarded).isEmpty();
        assertThat(next.released).containsExactly("a:1");
        next.run(next.admin.unregister(ModelRef.of("a")));
        assertThat(World.words(next.written)).isEqualTo("{}").isEqualTo(next.liveWords());
    }

    /** A caller that changes one model of its own, one change after another, and knows what was answered. */
    private static final class Caller {
        private final String name;
        private Optional<String> answered = Optional.empty();
        private Optional<String> inFlight = Optional.empty();
        private CompletableFuture<?> change = CompletableFuture.completedFuture(null);

        Caller(String name) {
            this.name = name;
        }

        void start(World world, Random random, boolean mayBreak) {
            int instances = random.nextInt(3);
            if (answered.isEmpty()) {
                boolean breaks = mayBreak && random.nextInt(4) == 0;
                String version = breaks ? "bad" : "1";
                // A broken one that starts nothing is fine, and one that starts something is gone again.
                inFlight = Optional.of(version + "=" + instances);
                change = registered(world, name + ":" + version, instances).toCompletableFuture();
            } else if (random.nextInt(3) == 0) {
                inFlight = Optional.empty();
                change = world.admin.unregister(ModelRef.of(name)).toCompletableFuture();
            } else {
                inFlight = answered.map(was -> was.replaceAll("=.*", "=" + instances));
                change = world.admin
                        .startScaling(ModelRef.of(name), new InstanceSpec(instances, instances))
                        .toCompletableFuture();
            }
        }

        void check(DesiredModels written, long seed) {
            Optional<String> onDisk = Optional.ofNullable(written.byName().get(name))
                    .map(model -> model.byVersion().get(model.defaultVersion()))
                    .map(version ->
                            version.id().version() + "=" + version.instances().min());
            if (change.isDone()) {
                if (!change.isCompletedExceptionally()) {
                    answered = inFlight;
                }
                inFlight = answered;
                assertThat(onDisk)
                        .as("seed %d, %s after its answer", seed, name)
                        .isEqualTo(answered);
            } else {
                assertThat(onDisk).as("seed %d, %s meanwhile", seed, name).isIn(List.of(answered, inFlight));
            }
        }
    }

    private static void changeShared(World world, Random random) {
        String version = String.valueOf(1 + random.nextInt(2));
        CompletionStage<?> unused = switch (random.nextInt(5)) {
            case 0 -> registered(world, "shared:" + version, random.nextInt(2));
            case 1 -> registered(world, "shared:bad", 1);
            case 2 -> world.admin.unregister(ModelRef.of("shared", version));
            case 3 -> world.admin.setDefault(new ModelId("shared", version));
            default -> world.admin.startScaling(ModelRef.of("shared", version), new InstanceSpec(0, random.nextInt(4)));
        };
    }

    /**
     * At every moment the disk has, of each caller's model, what the caller was last answered, or that with its change in
     * flight; and when nothing is under way, what is on the disk is what is there, also of the model that all change at once.
     * Seen to fail when acts ran before the write, when a failed registration was not taken back, and when acts ran in another
     * order than their changes were written in.
     */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void i16HasOnTheDiskWhatWasAnsweredAtEveryMoment(boolean writesFail) {
        for (long seed = 0; seed < 400; seed++) {
            Random random = new Random(seed);
            World world = new World(DesiredModels.NONE);
            List<Caller> callers = List.of(new Caller("a"), new Caller("b"), new Caller("c"));
            for (int step = 0; step < 300; step++) {
                int kind = random.nextInt(8);
                Caller caller = callers.get(random.nextInt(callers.size()));
                if (kind == 0 && caller.change.isDone()) {
                    caller.start(world, random, !writesFail);
                } else if (kind == 1) {
                    changeShared(world, random);
                } else if (kind <= 4 && !world.writes.isEmpty()) {
                    if (writesFail && random.nextInt(4) == 0) {
                        world.failWrite();
                    } else {
                        world.endWrite();
                    }
                } else if (!world.tasks.isEmpty()) {
                    // Any of them: a pool with as many threads as there are tasks.
                    runOne(world.tasks, random.nextInt(world.tasks.size()));
                }
                for (Caller each : callers) {
                    each.check(world.written, seed);
                }
            }
            world.settle();
            world.run(world.admin.write(ModelJournal.Occasion.SHUTDOWN));
            assertThat(World.words(world.written)).as("seed %d", seed).isEqualTo(world.liveWords());
        }
    }

    private static void runOne(Deque<Runnable> tasks, int index) {
        List<Runnable> all = new ArrayList<>(tasks);
        Runnable chosen = all.remove(index);
        tasks.clear();
        tasks.addAll(all);
        chosen.run();
    }

    @Test
    void twoCallersRegisterOneVersionAndOneOfThemIsRefused() {
        List<CompletableFuture<ModelAdmin.Registration>> both = List.of(
                world.admin.register(command("a:1", 0, false)).toCompletableFuture(),
                world.admin.register(command("a:1", 0, false)).toCompletableFuture());
        world.settle();

        assertThat(both).filteredOn(CompletableFuture::isCompletedExceptionally).hasSize(1);
        assertThat(both)
                .filteredOn(CompletableFuture::isCompletedExceptionally)
                .extracting((Function<CompletableFuture<?>, ErrorCode>)
                        stage -> failure(stage).code())
                .containsExactly(ErrorCode.ALREADY_EXISTS);
        assertThat(World.words(world.written)).isEqualTo("{a:1*=0-0[]}").isEqualTo(world.liveWords());
    }
}
