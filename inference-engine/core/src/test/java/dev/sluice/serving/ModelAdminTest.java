// SPDX-License-Identifier: Apache-2.0
package dev.sluice.serving;

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
import dev.sluice.lifecycle.ModelLifecycle;
import dev.sluice.lifecycle.ModelRegistry;
import dev.sluice.lifecycle.ModelState;
import dev.sluice.model.InstanceSpec;
import dev.sluice.model.ModelId;
import dev.sluice.model.ModelRef;
import dev.sluice.model.ModelSpec;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ModelAdminTest {
    private final ModelRegistry registry = new ModelRegistry();
    private final ExecutorService pool = Executors.newFixedThreadPool(2);
    private final Models models = new Models();
    private final ModelLifecycle lifecycle = new ModelLifecycle(
            registry,
            models,
            new RecordingObserver(),
            new FakeTicker(),
            () -> Instant.EPOCH,
            pool,
            Duration.ofSeconds(10));
    private final ModelAdmin admin = new ModelAdmin(registry, lifecycle, models, pool);

    /** A store whose locations are {@code name:version}, and a loader that fails where the location says "bad". */
    private static final class Models implements ModelResolver, ModelLoader {
        private final List<String> discarded = new CopyOnWriteArrayList<>();

        @Override
        public ModelSpec resolve(RegisterModel command) {
            if (command.location().equals("foreign")) {
                throw new IllegalStateException("disk");
            }
            if (!command.location().contains(":")) {
                throw new ServingException(ErrorCode.SOURCE_NOT_FOUND, "No model at " + command.location());
            }
            String[] parts = command.location().split(":", -1);
            return Specs.spec(
                    new ModelId(parts[0], parts[1]), command.initialInstances().orElse(1));
        }

        @Override
        public void discard(ModelSpec spec) {
            discarded.add(spec.id().toString());
            if (spec.id().name().equals("undeletable")) {
                throw new IllegalStateException("read-only");
            }
        }

        @Override
        public void check(ModelSpec spec) {}

        @Override
        public LoadedModel load(ModelSpec spec) {
            if (spec.id().name().equals("bad")) {
                throw new ServingException(ErrorCode.INVALID_MODEL, "Not a model");
            }
            return ScriptedModel.answering(new Numbers(ModelRef.of(spec.id().name())));
        }
    }

    @AfterEach
    void stop() throws Exception {
        get(lifecycle.removeAll());
        pool.shutdown();
    }

    private static <T> T get(CompletionStage<T> stage) throws Exception {
        return stage.toCompletableFuture().get(10, TimeUnit.SECONDS);
    }

    private static ServingException failure(CompletionStage<?> stage) throws Exception {
        try {
            throw new AssertionError("expected a failure, but was: " + get(stage));
        } catch (ExecutionException e) {
            assertThat(e).hasCauseInstanceOf(ServingException.class);
            return ServingException.from(e);
        }
    }

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

    private void registerAndWait(String location, int instances) throws Exception {
        get(get(admin.register(command(location, instances, false))).ready());
    }

    @Test
    void givesLabelsAndShowsThem() throws Exception {
        registerAndWait("a:1", 1);
        registerAndWait("a:2", 1);
        get(admin.setLabels("a", Map.of("stable", "1", "canary", "2"), false));

        assertThat(admin.describe(ModelRef.labelled("a", "canary")).spec().id()).isEqualTo(new ModelId("a", "2"));
        assertThat(admin.describe(ModelRef.of("a", "1")).labels()).containsExactly("stable");
        assertThat(failure(admin.setLabels("a", Map.of("stable", "3"), true)).code())
                .isEqualTo(ErrorCode.FAILED_PRECONDITION);
    }

    @Test
    void showsWhyAVersionThatWasKeptCouldNotBeLoaded() throws Exception {
        ServingException unused =
                failure(get(admin.register(command("bad:1", 1, true))).ready());

        assertThat(admin.describe(ModelRef.of("bad")).failure())
                .hasValueSatisfying(reason -> assertThat(reason).hasMessage("Not a model"));
    }

    @Test
    void registersStartsDescribesScalesAndForgets() throws Exception {
        registerAndWait("a:1", 2);
        assertThat(admin.describe(ModelRef.of("a")).instances()).hasSize(2);
        assertThat(admin.describe(ModelRef.of("a")).isDefault()).isTrue();

        ModelStatus scaled = get(admin.scale(ModelRef.of("a"), new InstanceSpec(1, 1)));
        assertThat(scaled.instances()).hasSize(1);
        assertThat(scaled.state()).isEqualTo(ModelState.Kind.READY);

        get(admin.unregister(ModelRef.of("a")));
        assertThat(admin.list()).isEmpty();
        assertThat(models.discarded).containsExactly("a:1");
    }

    @Test
    void listsDefaultVersionsByNameAndDescribesAllOfOne() throws Exception {
        registerAndWait("b:1", 0);
        registerAndWait("a:2", 0);
        registerAndWait("a:1", 0);

        assertThat(admin.list())
                .extracting(status -> status.spec().id().toString())
                .containsExactly("a:2", "b:1");
        assertThat(admin.describeAll("a"))
                .extracting(status -> status.spec().id().version() + " " + status.isDefault())
                .containsExactly("1 false", "2 true");
        get(admin.setDefault(new ModelId("a", "1")));
        assertThat(admin.describe(ModelRef.of("a")).spec().id().version()).isEqualTo("1");
    }

    /** Planted: the removal after a failed start left out; and its own failure reported instead of the first. */
    @Test
    void removesAndDiscardsAVersionThatDoesNotStart() throws Exception {
        var registration = get(admin.register(command("bad:1", 1, false)));

        assertThat(failure(registration.ready())).hasMessage("Not a model");
        assertThat(admin.list()).isEmpty();
        assertThat(models.discarded).containsExactly("bad:1");
    }

    @Test
    void keepsAVersionThatDoesNotStartWhereTheCallerWantsToSeeWhy() throws Exception {
        var registration = get(admin.register(command("bad:1", 1, true)));

        assertThat(failure(registration.ready()).code()).isEqualTo(ErrorCode.INVALID_MODEL);
        assertThat(admin.describe(ModelRef.of("bad")).state()).isEqualTo(ModelState.Kind.FAILED);
        assertThat(models.discarded).isEmpty();
    }

    @Test
    void discardsWhatWasUnpackedForAVersionThatIsThereAlready() throws Exception {
        registerAndWait("a:1", 1);

        assertThat(failure(admin.register(command("a:1", 1, false))).code()).isEqualTo(ErrorCode.ALREADY_EXISTS);
        assertThat(models.discarded).containsExactly("a:1");
        assertThat(admin.describe(ModelRef.of("a")).state()).isEqualTo(ModelState.Kind.READY);
    }

    /** Planted: lookups that throw at the caller instead of failing the stage. */
    @Test
    void failsStagesAndThrowsFromQueries() throws Exception {
        ModelRef nothing = ModelRef.of("nothing");

        assertThat(failure(admin.scale(nothing, new InstanceSpec(1, 1))).code()).isEqualTo(ErrorCode.MODEL_NOT_FOUND);
        assertThat(failure(admin.unregister(nothing)).code()).isEqualTo(ErrorCode.MODEL_NOT_FOUND);
        assertThat(failure(admin.setDefault(new ModelId("nothing", "1"))).code())
                .isEqualTo(ErrorCode.MODEL_NOT_FOUND);
        assertThat(failure(admin.register(command("gone", 1, false)))).hasMessage("No model at gone");
        assertThat(failure(admin.register(command("foreign", 1, false))).code()).isEqualTo(ErrorCode.INTERNAL);
        assertThatThrownBy(() -> admin.describe(nothing)).isInstanceOf(ServingException.class);
        assertThatThrownBy(() -> admin.describeAll("nothing")).isInstanceOf(ServingException.class);
    }

    @Test
    void aFileThatCannotBeDeletedDoesNotKeepAVersion() throws Exception {
        registerAndWait("undeletable:1", 1);
        get(admin.unregister(ModelRef.of("undeletable")));

        assertThat(admin.list()).isEmpty();
    }

    /** Planted: names of startup models that are never forgotten. */
    @Test
    void remembersWhatTheServerStartedWithUntilItIsGone() throws Exception {
        get(get(admin.register(RegisterModel.atStartup("a:1", Optional.empty())))
                .ready());
        assertThat(admin.describe(ModelRef.of("a")).atStartup()).isTrue();
        get(admin.unregister(ModelRef.of("a")));
        registerAndWait("a:1", 1);

        assertThat(admin.describe(ModelRef.of("a")).atStartup()).isFalse();
    }
}
