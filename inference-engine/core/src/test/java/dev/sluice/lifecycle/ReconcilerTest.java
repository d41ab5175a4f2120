// SPDX-License-Identifier: Apache-2.0
package dev.sluice.lifecycle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.sluice.engine.LoadedModel;
import dev.sluice.engine.ModelInstance;
import dev.sluice.engine.ModelLoader;
import dev.sluice.fixture.FakeTicker;
import dev.sluice.fixture.Numbers;
import dev.sluice.fixture.ScriptedModel;
import dev.sluice.fixture.Specs;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.lifecycle.LoadFailure.Next;
import dev.sluice.model.ModelId;
import dev.sluice.model.ModelRef;
import dev.sluice.model.ModelSpec;
import dev.sluice.model.Signature;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Changes run on the thread that asks for them, so each call returns when there is nothing more to do. */
class ReconcilerTest {
    private static final LoadRetry RETRY = new LoadRetry(3, Duration.ofSeconds(1), Duration.ofSeconds(60));

    /** Versions whose loads fail. */
    private final Set<String> broken = new HashSet<>();

    /** What was loaded and unloaded, in order. */
    private final List<String> events = new ArrayList<>();

    private final Deque<Runnable> alarms = new ArrayDeque<>();
    private final List<Duration> pauses = new ArrayList<>();
    private final Map<String, ServingRules> rules = new HashMap<>();
    private final ModelRegistry registry = new ModelRegistry();
    private final PublishedModels published = new PublishedModels();
    private final ModelLifecycle lifecycle = new ModelLifecycle(
            registry,
            new Loader(),
            (id, size, queueNanos, computeNanos) -> {},
            new FakeTicker(),
            () -> Instant.EPOCH,
            Runnable::run,
            Duration.ofSeconds(10));
    private final Reconciler reconciler = new Reconciler(
            registry, lifecycle, published, name -> rules.getOrDefault(name, ServingRules.DEFAULT), (pause, task) -> {
                pauses.add(pause);
                alarms.add(task);
            });

    private final class Loader implements ModelLoader {
        @Override
        public void check(ModelSpec spec) {}

        @Override
        public LoadedModel load(ModelSpec spec) {
            String version = spec.id().version();
            if (broken.contains(version)) {
                events.add("!" + version);
                throw new ServingException(ErrorCode.INVALID_MODEL, "No graph in version " + version);
            }
            events.add("+" + version);
            ScriptedModel model = ScriptedModel.answering(new Numbers(ModelRef.of("m")));
            return new Unloading(model, () -> events.add("-" + version));
        }
    }

    /** Notes when the weights go. */
    private record Unloading(LoadedModel model, Runnable onClose) implements LoadedModel {
        @Override
        public Signature signature() {
            return model.signature();
        }

        @Override
        public ModelInstance newInstance() {
            return model.newInstance();
        }

        @Override
        public void close() {
            onClose.run();
            model.close();
        }
    }

    @BeforeEach
    void start() {
        rules(new VersionPolicy.Latest(1), TransitionPolicy.AVAILABILITY_PRESERVING, Map.of());
        reconciler.start();
    }

    @AfterEach
    void stop() throws Exception {
        reconciler.close();
        Object unused = lifecycle.removeAll().toCompletableFuture().get(10, TimeUnit.SECONDS);
    }

    private void rules(VersionPolicy versions, TransitionPolicy transitions, Map<String, String> labels) {
        rules.put("m", new ServingRules(versions, transitions, labels, RETRY));
    }

    private void publish(String... versions) {
        published.publish(
                "m",
                Arrays.stream(versions)
                        .map(version -> Specs.spec(new ModelId("m", version), 1))
                        .toList());
    }

    private String serving(ModelRef ref) {
        try (ModelHandle handle = registry.acquire(ref)) {
            return handle.id().version();
        }
    }

    private String serving() {
        return serving(ModelRef.of("m"));
    }

    private static LoadFailure failureOf(Reconciler of, String model, String version) {
        return Objects.requireNonNull(of.failures(model).get(version));
    }

    private void ring() {
        alarms.remove().run();
    }

    @Test
    void servesTheHighestVersionAndLoadsTheNewBeforeItUnloadsTheOld() {
        publish("9");
        publish("9", "10");

        assertThat(serving()).isEqualTo("10");
        assertThat(events).containsExactly("+9", "+10", "-9");
        assertThat(registry.versionsOf("m").byVersion()).containsOnlyKeys("10");
    }

    @Test
    void unloadsFirstWhereMemoryCountsMore() {
        rules(new VersionPolicy.Latest(1), TransitionPolicy.RESOURCE_PRESERVING, Map.of());
        publish("1");
        publish("1", "2");

        assertThat(events).containsExactly("+1", "-1", "+2");
        assertThat(serving()).isEqualTo("2");
    }

    @Test
    void goesBackWhenTheNewestVersionGoesAndForgetsTheModelWithItsLast() {
        publish("1", "2");
        publish("1");
        assertThat(serving()).isEqualTo("1");
        assertThat(events).containsExactly("+2", "+1", "-2");

        publish();
        assertThat(registry.models()).isEmpty();
        assertThat(events).endsWith("-1");
    }

    /** Seen to fail without the pauses' doubling, and without the bound on tries. */
    @Test
    void keepsTheOldVersionAndTriesTheNewOneAgainWithGrowingPausesSoManyTimesAndNotMore() {
        publish("1");
        broken.add("2");
        publish("1", "2");
        assertThat(serving()).isEqualTo("1");
        assertThat(failureOf(reconciler, "m", "2").next()).isEqualTo(Next.WAITING);

        ring();
        ring();

        assertThat(pauses).containsExactly(Duration.ofSeconds(1), Duration.ofSeconds(2));
        assertThat(alarms).isEmpty();
        assertThat(serving()).isEqualTo("1");
        LoadFailure failure = failureOf(reconciler, "m", "2");
        assertThat(failure.tries()).isEqualTo(3);
        assertThat(failure.next()).isEqualTo(Next.NONE);
        assertThat(failure.reason()).hasMessage("No graph in version 2");
        assertThat(registry.find(ModelRef.of("m", "2")).failure())
                .hasValueSatisfying(reason -> assertThat(reason).hasMessage("No graph in version 2"));
        publish("1", "2");
        assertThat(events).containsExactly("+1", "!2", "!2", "!2");
    }

    @Test
    void aVersionThatLoadsAtASecondTryReplacesTheOldOne() {
        publish("1");
        broken.add("2");
        publish("1", "2");
        broken.clear();
        ring();

        assertThat(serving()).isEqualTo("2");
        assertThat(reconciler.failures("m")).isEmpty();
        assertThat(events).containsExactly("+1", "!2", "+2", "-1");
    }

    /** As operators repair a version: delete it, copy it again. TF Serving needs a new number or a restart for this. */
    @Test
    void aGivenUpVersionIsTriedAgainWhenItWentAndCameBack() {
        publish("1");
        broken.add("2");
        publish("1", "2");
        ring();
        ring();
        broken.clear();

        publish("1");
        publish("1", "2");
        assertThat(serving()).isEqualTo("2");
    }

    /** Seen to fail when an alarm did not look whether its failure is the latest. */
    @Test
    void anAlarmForAVersionThatWentAwayAndCameBackDoesNothing() {
        publish("1");
        broken.add("2");
        publish("1", "2");
        publish("1");
        publish("1", "2");
        ring();
        assertThat(events).containsExactly("+1", "!2", "!2");

        ring();
        assertThat(events).containsExactly("+1", "!2", "!2", "!2");
    }

    @Test
    void aVersionTheSourceCannotResolveCountsAsFailedAndSaysWhy() {
        ModelSource empty = new PublishedModels();
        Reconciler alone = new Reconciler(
                registry,
                lifecycle,
                empty,
                name -> rules.getOrDefault(name, ServingRules.DEFAULT),
                (pause, task) -> {});
        alone.versions("gone", Set.of("1"));

        assertThat(failureOf(alone, "gone", "1").reason()).hasMessage("Model gone:1 is not published any more");
        assertThat(registry.models()).doesNotContainKey("gone");
        alone.close();
    }

    @Test
    void givesALabelWhenItsVersionIsReadyAndHoldsItOnTheOldOneUntilThen() {
        rules(new VersionPolicy.All(), TransitionPolicy.AVAILABILITY_PRESERVING, Map.of("stable", "1", "canary", "1"));
        publish("1");
        rules(new VersionPolicy.All(), TransitionPolicy.AVAILABILITY_PRESERVING, Map.of("stable", "1", "canary", "2"));
        broken.add("2");
        publish("1", "2");
        assertThat(serving(ModelRef.labelled("m", "canary"))).isEqualTo("1");

        broken.clear();
        ring();
        assertThat(serving(ModelRef.labelled("m", "canary"))).isEqualTo("2");
        assertThat(serving(ModelRef.labelled("m", "stable"))).isEqualTo("1");
    }

    @Test
    void changedRulesAreFollowedWhenTold() {
        publish("1", "2", "3");
        rules(new VersionPolicy.Specific(Set.of("1", "2")), TransitionPolicy.AVAILABILITY_PRESERVING, Map.of());
        reconciler.follow("m");

        assertThat(events).containsExactly("+3", "+2", "+1", "-3");
        assertThat(serving()).isEqualTo("2");
    }

    @Test
    void respectsADefaultThatSomebodyChoseWhileItIsReady() throws Exception {
        rules(new VersionPolicy.All(), TransitionPolicy.AVAILABILITY_PRESERVING, Map.of());
        publish("1", "2");
        Object unused = lifecycle
                .setDefault(new ModelId("m", "1"))
                .toCompletableFuture()
                .get(10, TimeUnit.SECONDS);
        publish("1", "2", "3");
        assertThat(serving()).isEqualTo("1");

        publish("2", "3");
        assertThat(serving()).isEqualTo("3");
    }

    @Test
    void theAlarmOfTheServerRunsItsTaskOnTheGivenExecutorAfterTheDelay() throws Exception {
        CompletableFuture<Long> rang = new CompletableFuture<>();
        List<Runnable> executed = new CopyOnWriteArrayList<>();
        long before = System.nanoTime();

        Alarm.on(task -> {
                    executed.add(task);
                    task.run();
                })
                .after(Duration.ofMillis(20), () -> rang.complete(System.nanoTime()));

        assertThat(rang.get(10, TimeUnit.SECONDS) - before)
                .isGreaterThanOrEqualTo(Duration.ofMillis(20).toNanos());
        assertThat(executed).hasSize(1);
    }

    @Test
    void pausesDoubleUpToTheLongest() {
        LoadRetry retry = new LoadRetry(99, Duration.ofMillis(500), Duration.ofSeconds(3));

        assertThat(List.of(retry.pauseAfter(1), retry.pauseAfter(2), retry.pauseAfter(3), retry.pauseAfter(99)))
                .containsExactly(
                        Duration.ofMillis(500), Duration.ofSeconds(1), Duration.ofSeconds(2), Duration.ofSeconds(3));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new LoadRetry(0, Duration.ofMillis(1), Duration.ofMillis(1)))
                .withMessage("load tries: 0 (expected: 1 or more)");
    }

    @Test
    void aSourceRefusesSpecsOfAnotherModel() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> published.publish("m", List.of(Specs.spec(new ModelId("n", "1"), 1))))
                .withMessage("spec: n:1 (expected: a version of m)");
    }
}
