// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.sluice.engine.Engine;
import dev.sluice.engine.EngineProvider;
import dev.sluice.engine.EngineSettings;
import dev.sluice.engine.TensorInstance;
import dev.sluice.inference.ServingException;
import dev.sluice.model.BatchSpec;
import dev.sluice.model.Device;
import dev.sluice.model.InstanceSpec;
import dev.sluice.model.LimitSpec;
import dev.sluice.model.ModelFiles;
import dev.sluice.model.ModelId;
import dev.sluice.model.ModelSpec;
import dev.sluice.tensor.BufferAllocator;
import dev.sluice.tensor.Tensor;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/**
 * A test class's own engine: opened before its first test, as it would be once per process, closed after its last; in between
 * each test has to give back every buffer it was given. Whatever is left in the home directory fails the class.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
public abstract class EngineHarness {
    private static final Duration UNLIMITED = Duration.ofDays(1);

    private final TrackingAllocator allocator = new TrackingAllocator();

    // All four are written before the first test, on the thread that runs the tests.
    private Path cache = Path.of("");
    private Path scratch = Path.of("");
    private Set<String> homeBefore = Set.of();
    private Optional<Engine> opened = Optional.empty();

    /** The provider under test. */
    protected abstract EngineProvider provider();

    /** What to open it with. */
    protected abstract EngineSettings settings(Path cacheDirectory, BufferAllocator allocator);

    /** The engine, opened. */
    protected final Engine engine() {
        return opened.orElseThrow();
    }

    /** Memory all tensors of the tests come from; whatever is not given back fails the test. */
    protected final TrackingAllocator allocator() {
        return allocator;
    }

    /** An empty directory for the class's own files. */
    protected final Path scratch() {
        return scratch;
    }

    /** The settings the engine was opened with. */
    protected final EngineSettings settings() {
        return settings(cache, allocator);
    }

    /** A spec that names nothing but the file. */
    protected static ModelSpec spec(Path file) {
        return new ModelSpec(
                new ModelId("tested", "1.0"),
                file.getFileName().toString(),
                new ModelFiles(
                        Objects.requireNonNull(file.toAbsolutePath().getParent()),
                        Optional.of(file.getFileName().toString())),
                Optional.empty(),
                "base_handler",
                new BatchSpec(1, Duration.ZERO),
                new InstanceSpec(1, 1),
                new LimitSpec(1, UNLIMITED, UNLIMITED),
                Map.of());
    }

    /**
     * Asserts that {@code failure} may be shown to a client: one short line, without a place in this machine's file system, a
     * native stack or a class.
     */
    protected static void assertFitForClients(ServingException failure) {
        assertThat(failure.safeMessage())
                .hasSizeBetween(10, 400)
                .doesNotContain("\n")
                .doesNotContainPattern("(^|[\\s'\"(])/[\\w.-]+/")
                .doesNotContainPattern("\\.(cc|cpp|h|so|java)\\b")
                .doesNotContain("frame #", "Exception raised from", "ai.djl", "ai.onnxruntime", "c10::");
    }

    @BeforeAll
    final void open(@TempDir Path emptyCache, @TempDir Path emptyScratch) {
        cache = emptyCache;
        scratch = emptyScratch;
        homeBefore = HomeListing.take();
        opened = Optional.of(provider().open(settings(cache, allocator)));
    }

    @AfterEach
    final void everyBufferWasReleased() {
        allocator.assertAllReleased();
    }

    @AfterAll
    final void closeAndLookForLitter() {
        opened.ifPresent(Engine::close);
        assertThat(HomeListing.take()).as("files in the home directory").isEqualTo(homeBefore);
    }

    /** What loading {@code spec} failed with. */
    protected final ServingException failureOfLoading(ModelSpec spec) {
        ServingException failure = catchThrowableOfType(
                ServingException.class, () -> engine().load(spec, Device.CPU).close());
        assertThat(failure).as("loading %s", spec.location()).isNotNull();
        assertFitForClients(failure);
        return failure;
    }

    /** What running {@code inputs}, which are released, failed with. */
    protected final ServingException failureOfRunning(TensorInstance instance, List<Tensor> inputs) {
        try {
            ServingException failure = catchThrowableOfType(
                    ServingException.class, () -> instance.run(inputs).forEach(Tensor::release));
            assertThat(failure).as("running %s", inputs).isNotNull();
            assertFitForClients(failure);
            return failure;
        } finally {
            inputs.forEach(Tensor::release);
        }
    }

    /** Runs {@code inputs}, and releases them and the outputs once {@code test} has looked at these. */
    protected static void run(TensorInstance instance, List<Tensor> inputs, Consumer<List<Tensor>> test) {
        try {
            List<Tensor> outputs = instance.run(inputs);
            try {
                test.accept(outputs);
            } finally {
                outputs.forEach(Tensor::release);
            }
        } finally {
            inputs.forEach(Tensor::release);
        }
    }
}
