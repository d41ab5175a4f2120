// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.testing;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.sluice.engine.EngineDescription;
import dev.sluice.engine.EngineProvider;
import dev.sluice.engine.EngineTrial;
import dev.sluice.engine.TensorInstance;
import dev.sluice.engine.TensorModel;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.model.Device;
import dev.sluice.model.ModelFiles;
import dev.sluice.model.ModelSpec;
import dev.sluice.tensor.DataBuffer;
import dev.sluice.tensor.DataType;
import dev.sluice.tensor.Shape;
import dev.sluice.tensor.Tensor;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.function.IntConsumer;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What every engine has to do, whatever runtime it wraps. An engine's test extends this and adds what is its own.
 *
 * <p>The test JVM should touch its whole heap at the
 * start ({@code -Xms} equal to {@code -Xmx}, {@code AlwaysPreTouch}), so that resident memory grows by native memory alone.
 */
public abstract class EngineContractTest extends EngineHarness {
    /** Largest difference to the reference, as a share of the value; below 1, of 1. */
    private static final double TOLERANCE = 1e-5;

    private static final int THREADS = 4;
    private static final int CALLS_PER_THREAD = 50;
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private static final int CYCLES = 100;
    private static final int ATTEMPTS = 3;
    private static final int CALLS_PER_CYCLE = 200;

    /**
     * Growth that counts as none, in twice {@link #CYCLES} cycles after as many to warm up: a leak below 20 KB per load, or 100
     * bytes per call, goes unseen. Buffers waiting for the collector and malloc's arenas may exceed it once, so what is too
     * much is measured again; a leak fails every attempt.
     */
    private static final long FLAT = 4L << 20;

    /** A model of this engine with known answers. */
    protected abstract ReferenceModel reference();

    /** Whether it runs files by their suffix; false for an engine that models have to name. */
    protected boolean takesFilesBySuffix() {
        return true;
    }

    @Test
    void isMadeForThisVersionOfTheInterface() {
        assertThat(provider().spiVersion()).isEqualTo(EngineProvider.SPI_VERSION);
        assertThat(provider().id()).matches("[a-z0-9]+");
        if (takesFilesBySuffix()) {
            assertThat(provider().fileSuffixes())
                    .isNotEmpty()
                    .allMatch(suffix ->
                            suffix.startsWith(".") || reference().file().endsWith(suffix));
            assertThat(provider().fileSuffixes())
                    .anyMatch(suffix -> reference().file().toString().endsWith(suffix));
        } else {
            assertThat(provider().fileSuffixes()).isEmpty();
        }
        assertThat(engine().info().id()).isEqualTo(provider().id());
        assertThat(engine().info().nativeVersion()).matches("\\d+\\.\\d+.*");
    }

    /** What the table of engines says of it, and what an installed pack is tried with. */
    @Test
    void describesItselfAndPassesItsOwnTrial() throws IOException {
        EngineDescription description = provider().description();
        assertThat(description.title()).isNotBlank();
        assertThat(description.threads()).isNotBlank();
        assertThat(description.formats()).isNotEmpty();
        assertThat(description.devices()).contains("cpu");
        assertThat(engine().info().nativeVersion()).startsWith(description.version());
        if (takesFilesBySuffix()) {
            assertThat(provider().trial()).isPresent();
        }
        if (provider().trial().isPresent()) {
            passes(provider().trial().get());
        }
    }

    private void passes(EngineTrial trial) throws IOException {
        Path file =
                scratch().resolve(trial.resource().substring(trial.resource().lastIndexOf('/') + 1));
        try (InputStream model = provider().getClass().getResourceAsStream(trial.resource())) {
            Files.copy(requireNonNull(model, trial.resource()), file, StandardCopyOption.REPLACE_EXISTING);
        }
        float[] numbers = array(trial.input());
        try (TensorModel model = engine().load(spec(file), Device.CPU);
                TensorInstance instance = model.newInstance()) {
            run(
                    instance,
                    List.of(TestTensors.floats(allocator(), "x", trial.shape(), numbers)),
                    outputs -> assertClose(TestTensors.floats(outputs.get(0)), trial.expected()));
        }
    }

    private static float[] array(List<Float> numbers) {
        float[] array = new float[numbers.size()];
        for (int i = 0; i < array.length; i++) {
            array[i] = numbers.get(i);
        }
        return array;
    }

    @Test
    void givesTheReferenceNumbers() {
        withInstance(instance -> {
            for (ReferenceModel.Row row : reference().rows()) {
                assertAnswer(instance, List.of(row));
            }
        });
    }

    @Test
    void answersDoNotDependOnTheBatch() {
        List<ReferenceModel.Row> rows = reference().rows();
        withInstance(instance -> {
            for (int size : new int[] {rows.size(), 2, 3, rows.size(), 1}) {
                assertAnswer(instance, rows.subList(0, Math.min(size, rows.size())));
            }
        });
    }

    @Test
    void namesAndShapesOutputsAsDeclared() {
        try (TensorModel model = engine().load(spec(reference().file()), Device.CPU);
                TensorInstance instance = model.newInstance()) {
            run(instance, List.of(input(reference().rows().subList(0, 2))), outputs -> {
                assertThat(outputs.get(0).name()).isNotEmpty();
                for (int i = 0; i < model.signature().outputs().size(); i++) {
                    var declared = model.signature().outputs().get(i);
                    assertThat(outputs.get(i).name()).isEqualTo(declared.name());
                    assertThat(outputs.get(i).type()).isEqualTo(declared.type());
                    assertThat(declared.shape().accepts(outputs.get(i).shape())).isTrue();
                }
            });
        }
    }

    @Test
    void readsSlicesAtAnyOffset() {
        ReferenceModel.Row row = reference().rows().get(0);
        withInstance(instance -> {
            for (int offset : new int[] {0, 64, 4, 1}) {
                Tensor whole = input(List.of(row));
                Tensor slice = shifted(whole, offset);
                run(
                        instance,
                        List.of(slice),
                        outputs -> assertThat(numbers(outputs.get(0)))
                                .as("input at offset %d", offset)
                                .satisfies(answer -> assertClose(answer, row.output())));
            }
        });
    }

    @Test
    void leavesInputsAsTheyWere() {
        withInstance(instance -> {
            Tensor input = input(reference().rows());
            byte[] before = input.data().toByteArray();
            input.data().retain();
            run(instance, List.of(input), outputs -> {});
            assertThat(input.data().toByteArray()).isEqualTo(before);
            assertThat(input.data().references()).isEqualTo(1);
            input.release();
        });
    }

    @Test
    void outputsOutliveTheNextCallAndTheModel() {
        List<ReferenceModel.Row> rows = reference().rows();
        List<Tensor> kept = new ArrayList<>();
        withInstance(instance -> {
            for (ReferenceModel.Row row : rows) {
                Tensor input = input(List.of(row));
                kept.addAll(instance.run(List.of(input)));
                input.release();
            }
        });
        for (int i = 0; i < rows.size(); i++) {
            assertClose(numbers(kept.get(i)), rows.get(i).output());
            kept.get(i).release();
        }
    }

    /** Whoever cleans up after a failure may not know what is closed. Seen to end the process when TensorFlow's freed twice. */
    @Test
    void closingAgainDoesNothing() {
        for (int i = 0; i < 3; i++) {
            TensorModel model = engine().load(spec(reference().file()), Device.CPU);
            TensorInstance instance = model.newInstance();
            assertAnswer(instance, reference().rows());
            instance.close();
            instance.close();
            model.close();
            model.close();
        }
        withInstance(instance -> assertAnswer(instance, reference().rows()));
    }

    @Test
    void instancesOnSeveralThreadsGiveRightAnswers() {
        List<ReferenceModel.Row> rows = reference().rows();
        try (TensorModel model = engine().load(spec(reference().file()), Device.CPU)) {
            onThreads(thread -> {
                try (TensorInstance instance = model.newInstance()) {
                    for (int call = 0; call < CALLS_PER_THREAD; call++) {
                        int from = (thread + call) % (rows.size() - 1);
                        assertAnswer(instance, rows.subList(from, from + 1 + call % 2));
                    }
                }
            });
        }
    }

    /** What an instance keeps for its thread, such as a switch of the runtime, has to follow it. */
    @Test
    void anInstanceMadeOnOneThreadGivesRightAnswersOnOthers() {
        List<ReferenceModel.Row> rows = reference().rows();
        try (TensorModel model = engine().load(spec(reference().file()), Device.CPU)) {
            List<TensorInstance> made = new ArrayList<>();
            onAnotherThread(() -> made.add(model.newInstance()));
            TensorInstance instance = made.get(0);
            assertAnswer(instance, rows);
            for (int size = 1; size <= rows.size(); size++) {
                List<ReferenceModel.Row> some = rows.subList(0, size);
                onAnotherThread(() -> assertAnswer(instance, some));
            }
            onAnotherThread(instance::close);
        }
    }

    @Test
    void loadsSeveralModelsAtOnce() {
        onThreads(thread -> {
            for (int i = 0; i < 3; i++) {
                withInstance(instance ->
                        assertAnswer(instance, List.of(reference().rows().get(thread % 2))));
            }
        });
    }

    @Test
    void refusesWhatDoesNotFitAndGoesOn() {
        DataType type = reference().type();
        DataType other = type == DataType.FP32 ? DataType.FP64 : DataType.FP32;
        Shape row = reference().inputRow();
        long[] wider = row.toArray();
        wider[wider.length - 1] += 3;
        try (TensorModel model = engine().load(spec(reference().file()), Device.CPU);
                TensorInstance instance = model.newInstance()) {
            refuses(model, instance, List.of(zeros(type, Shape.of(wider).rows(1))));
            refuses(model, instance, List.of(zeros(type, Shape.of(2))));
            refuses(model, instance, List.of(zeros(type, row.rows(1).rows(1).rows(1))));
            refuses(model, instance, List.of(zeros(DataType.INT64, row.rows(1))));
            refuses(model, instance, List.of(zeros(other, row.rows(1))));
            refuses(model, instance, List.of());
            refuses(model, instance, List.of(zeros(type, row.rows(1)), zeros(type, row.rows(1))));
            assertAnswer(instance, reference().rows());
        }
    }

    /** A client chooses the shape it sends, so none of them may end the process. */
    @Test
    void survivesShapesNobodyWouldSend() {
        long[] deep = new long[100];
        Arrays.fill(deep, 1);
        List<Shape> shapes = List.of(
                Shape.of(),
                Shape.of(0),
                Shape.of(deep),
                reference().inputRow().rows(0),
                Shape.of(0, 1L << 40, 1L << 40),
                Shape.of(1L << 62, 0, 1L << 62, 4));
        withInstance(instance -> {
            for (Shape shape : shapes) {
                Tensor input = zeros(reference().type(), shape);
                try {
                    instance.run(List.of(input)).forEach(Tensor::release);
                } catch (ServingException e) {
                    assertFitForClients(e);
                } finally {
                    input.release();
                }
            }
            assertAnswer(instance, reference().rows());
        });
    }

    @Test
    void refusesStrings() {
        DataBuffer hello = allocator().allocate(5);
        hello.view().putInt(1).put((byte) 'x');
        Tensor strings = new Tensor("image", DataType.BYTES, Shape.of(1), hello);
        try (TensorModel model = engine().load(spec(reference().file()), Device.CPU);
                TensorInstance instance = model.newInstance()) {
            refuses(model, instance, List.of(strings));
        }
    }

    @Test
    void refusesFilesThatAreNoModel() throws IOException {
        byte[] model = Files.readAllBytes(reference().file());
        byte[] garbage = new byte[1000];
        Arrays.fill(garbage, (byte) 0x5A);
        assertNoModel(new byte[0]);
        assertNoModel("I am no model".getBytes(StandardCharsets.US_ASCII));
        assertNoModel(garbage);
        for (int length : new int[] {1, 100, model.length / 2, model.length - 1}) {
            assertNoModel(Arrays.copyOf(model, length));
        }
        for (Path companion : reference().companions()) {
            assertNoModelWithout(companion, model);
        }
    }

    /** The rest of a model that is a folder, each file cut short, and then gone. */
    private void assertNoModelWithout(Path companion, byte[] model) throws IOException {
        Path file = write(model);
        Path cut = requireNonNull(file.getParent()).resolve(companion.toString());
        byte[] whole = Files.readAllBytes(cut);
        for (int length : new int[] {0, whole.length / 2, whole.length - 1}) {
            Files.write(cut, Arrays.copyOf(whole, length));
            assertNoModel(file);
        }
        Files.delete(cut);
        assertNoModel(file);
    }

    @Test
    void refusesFilesThatAreMissingOrOutside() {
        Path none = named("none");
        ServingException missing = failureOfLoading(spec(none));
        assertThat(missing.code()).isEqualTo(ErrorCode.INVALID_MODEL);
        assertThat(missing.safeMessage()).contains(String.valueOf(none.getFileName()));
        ModelSpec inside = spec(scratch().resolve("inside"));
        Path outside = scratch().toAbsolutePath().relativize(reference().file().toAbsolutePath());
        ServingException escaping = failureOfLoading(new ModelSpec(
                inside.id(),
                inside.location(),
                new ModelFiles(inside.files().root(), Optional.of(outside.toString())),
                inside.engine(),
                inside.handler(),
                inside.batching(),
                inside.instances(),
                inside.limits(),
                inside.options()));
        assertThat(escaping.code()).isEqualTo(ErrorCode.INVALID_MODEL);
    }

    @Test
    void loadingAndUnloadingKeepsResidentMemoryFlat() {
        assertFlat(
                "loads",
                () -> withInstance(
                        instance -> assertAnswer(instance, reference().rows().subList(0, 1))));
    }

    @Test
    void failedLoadsKeepResidentMemoryFlat() throws IOException {
        byte[] model = Files.readAllBytes(reference().file());
        Path broken = write(Arrays.copyOf(model, model.length / 2));
        assertFlat("failed loads", () -> failureOfLoading(spec(broken)));
    }

    @Test
    void callsKeepResidentMemoryFlat() {
        withInstance(instance -> {
            List<Tensor> inputs = List.of(input(reference().rows().subList(0, 1)));
            assertFlat("rounds of calls", () -> {
                for (int i = 0; i < CALLS_PER_CYCLE; i++) {
                    instance.run(inputs).forEach(Tensor::release);
                }
            });
            inputs.forEach(Tensor::release);
        });
    }

    @Test
    void failedCallsKeepResidentMemoryFlat() {
        withInstance(instance -> {
            List<Tensor> inputs = List.of(zeros(reference().type(), Shape.of(2)));
            long lost = 2L * CYCLES * CALLS_PER_CYCLE * bytesTheRuntimeLosesPerFailedCall();
            assertGrowth("rounds of failed calls", () -> failCalls(instance, inputs), FLAT + lost);
            inputs.forEach(Tensor::release);
        });
    }

    /** More than 0 only for a runtime whose own code loses them, which was seen without any of ours. */
    protected int bytesTheRuntimeLosesPerFailedCall() {
        return 0;
    }

    private static void failCalls(TensorInstance instance, List<Tensor> inputs) {
        for (int i = 0; i < CALLS_PER_CYCLE; i++) {
            try {
                instance.run(inputs).forEach(Tensor::release);
            } catch (ServingException e) {
                continue; // looked at by another test
            }
            throw new AssertionError("an input of the wrong shape was taken");
        }
    }

    @Test
    void leavesItsNativeDirectoryAsItWas() {
        Set<String> before = natives();
        withInstance(instance -> assertAnswer(instance, reference().rows()));
        assertThat(natives()).isEqualTo(before);
    }

    /**
     * Opened, loaded and run in a process of its own, under the eyes of the system. Only where that may be watched: a container
     * may forbid both namespaces and tracing. Seen to fail when the program makes a datagram socket, and when it writes a file into
     * the home directory.
     */
    @Test
    void reachesForNoNetworkAndMakesFilesInItsCacheAlone(@TempDir Path folder) throws IOException {
        Optional<List<String>> watcher = SystemCalls.watcher(folder);
        if (watcher.isEmpty()) {
            System.out.println(
                    "SKIPPED for " + provider().id() + ": unshare -n with strace is not permitted here, so nobody"
                            + " looked whether the engine keeps to itself");
        }
        assumeTrue(watcher.isPresent(), "unshare -n and strace");
        Path own = Files.createDirectory(folder.resolve("cache"));
        Path temporary = Files.createDirectory(folder.resolve("temporary"));
        Path home = Files.createDirectory(folder.resolve("home"));
        List<String> program = List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:-UsePerfData",
                "-Djava.io.tmpdir=" + temporary,
                "-Duser.home=" + home,
                "-cp",
                System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                QuietStart.class.getName(),
                provider().getClass().getName(),
                settings().nativeDirectory().map(Path::toString).orElse(""),
                own.toString(),
                reference().file().toAbsolutePath().toString(),
                Arrays.stream(reference().inputRow().rows(1).toArray())
                        .mapToObj(Long::toString)
                        .collect(Collectors.joining(",")),
                reference().type().name());
        SystemCalls calls = SystemCalls.of(watcher.get(), program, folder);
        assertThat(Files.readString(folder.resolve("printed.txt"))).contains(QuietStart.DONE);
        assertThat(calls.network()).as("attempts to use the network").isEmpty();
        assertThat(calls.created())
                .as("files made outside the cache")
                .filteredOn(file -> !file.startsWith(own) && !file.startsWith(temporary))
                .isEmpty();
    }

    private Set<String> natives() {
        return settings().nativeDirectory().map(HomeListing::below).orElse(Set.of());
    }

    private void assertFlat(String what, Runnable cycle) {
        assertGrowth(what, cycle, FLAT);
    }

    private void assertGrowth(String what, Runnable cycle, long allowed) {
        if (ResidentMemory.bytes().isEmpty()) {
            return;
        }
        repeat(cycle, CYCLES);
        long growth = Long.MAX_VALUE;
        for (int attempt = 0; attempt < ATTEMPTS && growth >= allowed; attempt++) {
            long before = residentAfterCollection();
            repeat(cycle, 2 * CYCLES);
            growth = residentAfterCollection() - before;
        }
        assertThat(growth)
                .as("bytes by which resident memory grew in %d %s", 2 * CYCLES, what)
                .isLessThan(allowed);
    }

    private static void repeat(Runnable cycle, int times) {
        for (int i = 0; i < times; i++) {
            cycle.run();
        }
    }

    private static long residentAfterCollection() {
        System.gc(); // frees the direct buffers that only dead objects hold
        return ResidentMemory.bytes().orElseThrow();
    }

    private void assertNoModel(byte[] content) throws IOException {
        assertNoModel(write(content));
    }

    private void assertNoModel(Path file) {
        ServingException failure = failureOfLoading(spec(file));
        assertThat(failure.code()).isIn(ErrorCode.INVALID_MODEL, ErrorCode.LOAD_FAILED);
        assertFitForClients(failure);
    }

    /** A file with that content where a model of this engine is expected, with the rest of the reference beside it. */
    private Path write(byte[] content) throws IOException {
        Path file = named("broken");
        Path folder = requireNonNull(file.getParent());
        for (Path companion : reference().companions()) {
            Path copy = folder.resolve(companion.toString());
            Files.createDirectories(requireNonNull(copy.getParent()));
            Path original = reference().file().resolveSibling(companion.toString());
            Files.copy(original, copy, StandardCopyOption.REPLACE_EXISTING);
        }
        Files.createDirectories(folder);
        return Files.write(file, content);
    }

    /** Where a model goes: a file of that name, or a folder of that name where the format fixes the file's. */
    private Path named(String name) {
        String suffix = suffix();
        return suffix.startsWith(".")
                ? scratch().resolve(name + suffix)
                : scratch().resolve(name).resolve(suffix);
    }

    /** What files of this engine's end in: as it says, or as the reference's does. */
    private String suffix() {
        String file = reference().file().toString();
        return provider().fileSuffixes().stream().findFirst().orElse(file.substring(file.lastIndexOf('.')));
    }

    private void refuses(TensorModel model, TensorInstance instance, List<Tensor> inputs) {
        ServingException failure = failureOfRunning(instance, inputs);
        if (model.signature().isDeclared()) {
            assertThat(failure.code()).isEqualTo(ErrorCode.INVALID_INPUT);
            assertThat(failure.safeMessage()).contains("expected: ");
        } else {
            assertThat(failure.code()).isIn(ErrorCode.INVALID_INPUT, ErrorCode.ENGINE_FAILED);
        }
    }

    private void withInstance(Consumer<TensorInstance> test) {
        try (TensorModel model = engine().load(spec(reference().file()), Device.CPU);
                TensorInstance instance = model.newInstance()) {
            test.accept(instance);
        }
    }

    private void assertAnswer(TensorInstance instance, List<ReferenceModel.Row> rows) {
        run(instance, List.of(input(rows)), outputs -> {
            assertThat(outputs).hasSize(1);
            Tensor output = outputs.get(0);
            assertThat(output.shape()).isEqualTo(reference().outputRow().rows(rows.size()));
            float[] all = numbers(output);
            int width = all.length / rows.size();
            for (int i = 0; i < rows.size(); i++) {
                assertClose(
                        Arrays.copyOfRange(all, i * width, (i + 1) * width),
                        rows.get(i).output());
            }
        });
    }

    private static void assertClose(float[] actual, List<Float> expected) {
        assertThat(actual).hasSize(expected.size());
        for (int i = 0; i < expected.size(); i++) {
            double allowed = TOLERANCE * Math.max(1, Math.abs(expected.get(i)));
            if (!(Math.abs((double) actual[i] - expected.get(i)) <= allowed)) {
                throw new AssertionError("element " + i + ": " + actual[i] + " (expected: " + expected.get(i) + ")");
            }
        }
    }

    private Tensor input(List<ReferenceModel.Row> rows) {
        Shape shape = reference().inputRow().rows(rows.size());
        float[] values = new float[Math.toIntExact(shape.elementCount())];
        int at = 0;
        for (ReferenceModel.Row row : rows) {
            for (float value : row.input()) {
                values[at++] = value;
            }
        }
        if (reference().type() == DataType.FP32) {
            return TestTensors.floats(allocator(), "image", shape, values);
        }
        return TestTensors.doubles(
                allocator(),
                "image",
                shape,
                IntStream.range(0, values.length).mapToDouble(i -> values[i]).toArray());
    }

    /** The numbers of an answer, narrowed where they were wider. */
    private static float[] numbers(Tensor tensor) {
        if (tensor.type() == DataType.FP32) {
            return TestTensors.floats(tensor);
        }
        double[] wide = TestTensors.doubles(tensor);
        float[] narrow = new float[wide.length];
        for (int i = 0; i < wide.length; i++) {
            narrow[i] = (float) wide[i];
        }
        return narrow;
    }

    private Tensor zeros(DataType type, Shape shape) {
        return TestTensors.zeros(allocator(), "image", type, shape);
    }

    /** The same tensor, {@code offset} bytes into a larger buffer; takes over {@code tensor}. */
    private Tensor shifted(Tensor tensor, int offset) {
        DataBuffer larger = allocator().allocate(offset + tensor.data().size() + 8L);
        ByteBuffer view = larger.view();
        view.position(offset);
        view.put(tensor.data().view());
        DataBuffer slice = larger.retainedSlice(offset, tensor.data().size());
        larger.release();
        tensor.release();
        return new Tensor(tensor.name(), tensor.type(), tensor.shape(), slice);
    }

    private static void onAnotherThread(Runnable work) {
        onThreads(1, thread -> work.run());
    }

    private static void onThreads(IntConsumer work) {
        onThreads(THREADS, work);
    }

    private static void onThreads(int count, IntConsumer work) {
        ExecutorService threads = Executors.newFixedThreadPool(count);
        try {
            List<Future<?>> running = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                int thread = i;
                running.add(threads.submit(() -> work.accept(thread)));
            }
            for (Future<?> one : running) {
                one.get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
            }
        } catch (ExecutionException | TimeoutException | InterruptedException e) {
            throw new AssertionError("a thread failed", e);
        } finally {
            threads.shutdownNow();
        }
    }
}
