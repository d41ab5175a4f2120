// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import dev.sluice.engine.LoadedModel;
import dev.sluice.engine.ModelLoader;
import dev.sluice.engine.testing.BatchScript;
import dev.sluice.engine.testing.FakeModel;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.inference.Ticker;
import dev.sluice.lifecycle.ModelLifecycle;
import dev.sluice.lifecycle.ModelRegistry;
import dev.sluice.model.BatchSpec;
import dev.sluice.model.InstanceSpec;
import dev.sluice.model.LimitSpec;
import dev.sluice.model.ModelFiles;
import dev.sluice.model.ModelId;
import dev.sluice.model.ModelSpec;
import dev.sluice.scheduling.SchedulingObserver;
import dev.sluice.serving.DesiredModels;
import dev.sluice.serving.ModelAdmin;
import dev.sluice.serving.ModelResolver;
import dev.sluice.serving.ModelStatus;
import dev.sluice.serving.RegisterModel;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class StartupLoadingTest {
    private static final SchedulingSilence SILENCE = new SchedulingSilence();

    private final ExecutorService pool = Executors.newFixedThreadPool(4);
    private final FakeResolver resolver = new FakeResolver();
    private final ModelRegistry registry = new ModelRegistry();
    private final ModelAdmin admin = new ModelAdmin(
            registry,
            new ModelLifecycle(
                    registry,
                    new FakeLoader(),
                    SILENCE,
                    Ticker.system(),
                    InstantSource.system(),
                    pool,
                    Duration.ofSeconds(5)),
            resolver,
            pool);

    @AfterEach
    void stop() {
        pool.shutdownNow();
    }

    @Test
    void returnsWhenEveryModelIsReady() {
        load("a:1.0", "b:1.0");

        assertThat(admin.list())
                .extracting(
                        status -> status.spec().id().name(),
                        status -> status.state().name())
                .containsExactly(tuple("a", "READY"), tuple("b", "READY"));
        assertThat(admin.list()).allMatch(ModelStatus::atStartup);
    }

    @Test
    void goesOnWithoutModelsThatFail() {
        load("absent:1.0", "a:1.0", "broken:1.0");

        assertThat(admin.list())
                .extracting(
                        status -> status.spec().id().name(),
                        status -> status.state().name())
                .containsExactly(tuple("a", "READY"), tuple("broken", "FAILED"));
    }

    @Test
    void makesTheFirstVersionInTheListTheDefaultHoweverLateItComes() {
        load("late:1.0", "late:2.0");

        assertThat(admin.describeAll("late"))
                .filteredOn(ModelStatus::isDefault)
                .extracting(status -> status.spec().id().version())
                .containsExactly("1.0");
    }

    /** Seen to fail when it counted as failed: such a server was never ready. */
    @Test
    void aModelThatIsListedTwiceHasNotFailed() {
        assertThat(load("a:1.0", "a:1.0", "absent:1.0")).containsExactly("absent:1.0");
    }

    @Test
    void hasNothingToWaitForWithoutModels() {
        load();

        assertThat(admin.list()).isEmpty();
    }

    private List<String> load(String... locations) {
        return new StartupLoading(admin)
                .run(
                        DesiredModels.NONE,
                        Stream.of(locations)
                                .map(location -> RegisterModel.atStartup(location, Optional.empty()))
                                .toList());
    }

    /** Takes {@code name:version} as a location; {@code late:1.0} resolves only after another version of it. */
    private static final class FakeResolver implements ModelResolver {
        private final CountDownLatch secondVersion = new CountDownLatch(1);

        @Override
        public ModelSpec resolve(RegisterModel command) {
            List<String> parts = List.of(command.location().split(":", -1));
            ModelId id = new ModelId(parts.get(0), parts.get(1));
            if (id.name().equals("absent")) {
                throw new ServingException(ErrorCode.SOURCE_NOT_FOUND, "not there");
            }
            if (id.equals(new ModelId("late", "1.0"))) {
                await();
            }
            return new ModelSpec(
                    id,
                    command.location(),
                    new ModelFiles(Path.of("."), Optional.empty()),
                    Optional.empty(),
                    "base_handler",
                    new BatchSpec(1, Duration.ZERO),
                    new InstanceSpec(1, 1),
                    new LimitSpec(1, Duration.ofSeconds(5), Duration.ofSeconds(5)),
                    Map.of());
        }

        private void await() {
            try {
                assertThat(secondVersion.await(10, TimeUnit.SECONDS)).isTrue();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }

        @Override
        public void discard(ModelSpec spec) {}
    }

    private final class FakeLoader implements ModelLoader {
        @Override
        public void check(ModelSpec spec) {}

        @Override
        public LoadedModel load(ModelSpec spec) {
            if (spec.id().equals(new ModelId("late", "2.0"))) {
                resolver.secondVersion.countDown();
            }
            if (spec.id().name().equals("broken")) {
                throw new ServingException(ErrorCode.LOAD_FAILED, "cannot");
            }
            return new FakeModel(BatchScript.echo());
        }
    }

    private static final class SchedulingSilence implements SchedulingObserver {
        @Override
        public void batchExecuted(ModelId model, int size, long queueNanos, long computeNanos) {}
    }
}
