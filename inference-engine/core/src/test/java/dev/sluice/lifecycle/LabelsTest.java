// SPDX-License-Identifier: Apache-2.0
package dev.sluice.lifecycle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.engine.LoadedModel;
import dev.sluice.engine.ModelLoader;
import dev.sluice.fixture.FakeTicker;
import dev.sluice.fixture.Numbers;
import dev.sluice.fixture.ScriptedModel;
import dev.sluice.fixture.Specs;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.model.InstanceSpec;
import dev.sluice.model.ModelId;
import dev.sluice.model.ModelRef;
import dev.sluice.model.ModelSpec;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Labels, and which version is the default one. */
class LabelsTest {
    private final Set<String> broken = new HashSet<>();
    private final ModelRegistry registry = new ModelRegistry();
    private final ModelLifecycle lifecycle = new ModelLifecycle(
            registry,
            new Loader(),
            (id, size, queueNanos, computeNanos) -> {},
            new FakeTicker(),
            () -> Instant.EPOCH,
            Runnable::run,
            Duration.ofSeconds(10));

    private final class Loader implements ModelLoader {
        @Override
        public void check(ModelSpec spec) {}

        @Override
        public LoadedModel load(ModelSpec spec) {
            if (broken.contains(spec.id().version())) {
                throw new ServingException(ErrorCode.INVALID_MODEL, "Not a model");
            }
            return ScriptedModel.answering(new Numbers(ModelRef.of("m")));
        }
    }

    @AfterEach
    void stop() throws Exception {
        get(lifecycle.removeAll());
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

    private static ModelId id(String version) {
        return new ModelId("m", version);
    }

    private void serve(String version) throws Exception {
        get(lifecycle.add(Specs.spec(id(version), 1)));
        get(lifecycle.scale(id(version), new InstanceSpec(1, 1)));
    }

    /** Registers a version that cannot be loaded. */
    private void fail(String version) throws Exception {
        broken.add(version);
        get(lifecycle.add(Specs.spec(id(version), 1)));
        assertThat(failure(lifecycle.scale(id(version), new InstanceSpec(1, 1))))
                .hasMessage("Not a model");
    }

    private String serving(ModelRef ref) {
        try (ModelHandle handle = registry.acquire(ref)) {
            return handle.id().version();
        }
    }

    @Test
    void aLabelStandsForItsVersionUntilItMoves() throws Exception {
        serve("1");
        serve("2");
        get(lifecycle.setLabels("m", Map.of("stable", "1", "canary", "2"), false));
        assertThat(serving(ModelRef.labelled("m", "stable"))).isEqualTo("1");
        assertThat(serving(ModelRef.labelled("m", "canary"))).isEqualTo("2");

        get(lifecycle.setLabel(id("2"), "stable", false));
        assertThat(serving(ModelRef.labelled("m", "stable"))).isEqualTo("2");
        assertThat(registry.versionsOf("m").labelsOf("2")).containsExactly("canary", "stable");
        get(lifecycle.setLabels("m", Map.of("stable", "1"), false));
        assertThatThrownBy(() -> registry.acquire(ModelRef.labelled("m", "canary")))
                .hasMessage("Label: canary is not given to any version of model: m");
    }

    /** Seen to fail when the rule looked at whether the version is registered, and not at whether it is ready. */
    @Test
    void aLabelIsOnlyGivenToAVersionThatIsReadyAndAllOfThemOrNone() throws Exception {
        serve("1");
        fail("2");

        ServingException failed = failure(lifecycle.setLabels("m", Map.of("stable", "1", "canary", "2"), false));
        assertThat(failed.code()).isEqualTo(ErrorCode.FAILED_PRECONDITION);
        assertThat(failed)
                .hasMessage(
                        "Label: canary of model: m for version: 2 (expected: a version that is ready; it is failed)");
        assertThat(failure(lifecycle.setLabel(id("9"), "canary", false)))
                .hasMessage(
                        "Label: canary of model: m for version: 9 (expected: a version that is ready; it is not there)");
        assertThat(registry.versionsOf("m").labels()).isEmpty();
        assertThat(failure(lifecycle.setLabels("none", Map.of(), false)).code()).isEqualTo(ErrorCode.MODEL_NOT_FOUND);
    }

    /** As tensorflow-serving.md section 4.5, L4, has it. */
    @Test
    void aNewLabelMayStandForAMissingVersionWhenAllowedButNoLabelMovesToOne() throws Exception {
        serve("1");
        get(lifecycle.setLabels("m", Map.of("stable", "1", "canary", "2"), true));
        assertThatThrownBy(() -> registry.acquire(ModelRef.labelled("m", "canary")))
                .hasMessage("Model version: 2 does not exist for model: m");

        assertThat(failure(lifecycle.setLabel(id("2"), "stable", true)).code())
                .isEqualTo(ErrorCode.FAILED_PRECONDITION);
        assertThat(serving(ModelRef.labelled("m", "stable"))).isEqualTo("1");
        serve("2");
        assertThat(serving(ModelRef.labelled("m", "canary"))).isEqualTo("2");
    }

    @Test
    void aLabelStaysWhenItsVersionGoes() throws Exception {
        serve("1");
        serve("2");
        get(lifecycle.setLabel(id("2"), "canary", false));
        get(lifecycle.remove(id("2")));

        assertThatThrownBy(() -> registry.acquire(ModelRef.labelled("m", "canary")))
                .hasMessage("Model version: 2 does not exist for model: m");
    }

    /** Seen to fail before: the failed first version stayed the default, and could not be removed. */
    @Test
    void aFirstVersionThatFailedGivesWayToTheFirstThatIsReadyAndCanBeRemoved() throws Exception {
        fail("1");
        serve("2");
        assertThat(serving(ModelRef.of("m"))).isEqualTo("2");

        get(lifecycle.remove(id("1")));
        assertThat(registry.versionsOf("m").byVersion()).containsOnlyKeys("2");
    }

    @Test
    void aDefaultThatFailsWhenItIsScaledUpAgainGivesWayToAVersionThatIsReady() throws Exception {
        serve("1");
        serve("2");
        get(lifecycle.scale(id("1"), new InstanceSpec(0, 0)));
        broken.add("1");
        assertThat(failure(lifecycle.scale(id("1"), new InstanceSpec(1, 1)))).hasMessage("Not a model");

        assertThat(serving(ModelRef.of("m"))).isEqualTo("2");
    }

    @Test
    void aChosenDefaultThatFailedStaysUntilItIsRemoved() throws Exception {
        serve("2");
        serve("3");
        fail("1");
        get(lifecycle.setDefault(id("1")));
        serve("10");
        assertThatThrownBy(() -> registry.acquire(ModelRef.of("m")))
                .hasMessage("Model \"m\" version 1 cannot serve: loading it failed: Not a model");

        get(lifecycle.remove(id("1")));
        assertThat(serving(ModelRef.of("m"))).isEqualTo("10");
    }

    @Test
    void theReasonOfAFailureStaysVisibleWhileTheVersionIsLoadedAgain() {
        ServingException reason = new ServingException(ErrorCode.LOAD_FAILED, "No memory");
        ModelVersion version = new ModelVersion(Specs.spec(id("1"), 1));
        version.state(new ModelState.Failed(reason).retry());

        assertThat(version.state().kind()).isEqualTo(ModelState.Kind.LOADING);
        assertThat(version.failure()).contains(reason);
    }
}
