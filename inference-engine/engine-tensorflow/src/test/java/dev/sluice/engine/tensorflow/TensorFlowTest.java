// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.tensorflow;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.sluice.engine.EngineProvider;
import dev.sluice.engine.EngineSettings;
import dev.sluice.engine.TensorInstance;
import dev.sluice.engine.TensorModel;
import dev.sluice.engine.testing.EngineHarness;
import dev.sluice.engine.testing.ResidentMemory;
import dev.sluice.engine.testing.TestTensors;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.model.Device;
import dev.sluice.model.ModelFiles;
import dev.sluice.model.ModelSpec;
import dev.sluice.model.Signature;
import dev.sluice.model.TensorSpec;
import dev.sluice.tensor.BufferAllocator;
import dev.sluice.tensor.ByteElements;
import dev.sluice.tensor.DataBuffer;
import dev.sluice.tensor.DataType;
import dev.sluice.tensor.Shape;
import dev.sluice.tensor.Tensor;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.tensorflow.proto.NodeDef;
import org.tensorflow.proto.SavedModel;
import org.tensorflow.proto.SignatureDef;

/** What is TensorFlow's own; the models are described in src/test/models/make_models.py. */
class TensorFlowTest extends EngineHarness {
    private static final Path MODELS = Path.of("src/test/models");
    private static final String FILE = "saved_model.pb";

    @Override
    protected EngineProvider provider() {
        return new TensorFlowProvider();
    }

    @Override
    protected EngineSettings settings(Path cacheDirectory, BufferAllocator allocator) {
        return TestSettings.of(cacheDirectory, allocator);
    }

    @Test
    void runsWhatKerasExports() throws IOException {
        JsonNode reference = new ObjectMapper()
                .readTree(MODELS.resolve("keras/reference.json").toFile());
        with("keras", (signature, instance) -> {
            assertThat(signature.inputs()).hasSize(1);
            assertThat(signature.inputs().get(0).shape()).isEqualTo(Shape.of(-1, 4));
            float[] rows = numbers(reference.get("rows"));
            float[] expected = numbers(reference.get("answers"));
            run(instance, List.of(TestTensors.floats(allocator(), "x", Shape.of(2, 4), rows)), outputs -> {
                float[] answers = TestTensors.floats(outputs.get(0));
                assertThat(answers).hasSameSizeAs(expected);
                for (int i = 0; i < answers.length; i++) {
                    assertThat(answers[i]).isCloseTo(expected[i], org.assertj.core.api.Assertions.within(1e-6f));
                }
            });
        });
    }

    private static float[] numbers(JsonNode rows) {
        List<Float> numbers = new ArrayList<>();
        rows.forEach(row -> row.forEach(number -> numbers.add(number.floatValue())));
        float[] array = new float[numbers.size()];
        for (int i = 0; i < array.length; i++) {
            array[i] = numbers.get(i);
        }
        return array;
    }

    /** The map in the file has no order. */
    @Test
    void ordersInputsAndOutputsByName() {
        with("two", (signature, instance) -> {
            assertThat(names(signature.inputs())).containsExactly("alpha", "zeta");
            assertThat(names(signature.outputs())).containsExactly("difference", "sum");
            List<Tensor> inputs = List.of(
                    TestTensors.floats(allocator(), "alpha", Shape.of(1, 2), 1, 2),
                    TestTensors.floats(allocator(), "zeta", Shape.of(1, 2), 10, 20));
            run(instance, inputs, outputs -> {
                assertThat(TestTensors.floats(outputs.get(0))).containsExactly(9, 18);
                assertThat(TestTensors.floats(outputs.get(1))).containsExactly(11, 22);
            });
        });
    }

    @Test
    void passesEveryTypeUnchanged() {
        with("types", (signature, instance) -> {
            assertThat(signature.inputs())
                    .extracting(TensorSpec::type)
                    .containsExactlyInAnyOrder(
                            DataType.BOOL,
                            DataType.UINT8,
                            DataType.UINT16,
                            DataType.UINT32,
                            DataType.UINT64,
                            DataType.INT8,
                            DataType.INT16,
                            DataType.INT32,
                            DataType.INT64,
                            DataType.FP16,
                            DataType.BF16,
                            DataType.FP32,
                            DataType.FP64);
            for (int rows : new int[] {1, 3, 2}) {
                List<Tensor> inputs = new ArrayList<>();
                signature.inputs().forEach(input -> inputs.add(counted(input, rows)));
                List<byte[]> sent =
                        inputs.stream().map(input -> input.data().toByteArray()).toList();
                run(instance, inputs, outputs -> {
                    for (int i = 0; i < sent.size(); i++) {
                        assertThat(outputs.get(i).type())
                                .isEqualTo(inputs.get(i).type());
                        assertThat(outputs.get(i).shape()).isEqualTo(Shape.of(rows, 2));
                        assertThat(outputs.get(i).data().toByteArray()).isEqualTo(sent.get(i));
                    }
                });
            }
        });
    }

    private Tensor counted(TensorSpec spec, int rows) {
        DataBuffer data = allocator().allocate(2L * rows * spec.type().elementBytes());
        ByteBuffer bytes = data.view();
        for (int i = 0; bytes.hasRemaining(); i++) {
            bytes.put((byte) (spec.type() == DataType.BOOL ? i % 2 : i + 1));
        }
        return new Tensor(spec.name(), spec.type(), Shape.of(rows, 2), data);
    }

    @Test
    void passesStringsBothWays() {
        with("strings", (signature, instance) -> {
            assertThat(signature.inputs().get(0)).isEqualTo(new TensorSpec("text", DataType.BYTES, Shape.of(-1, 1)));
            // Up to 22 bytes lie in the tensor itself, longer ones elsewhere.
            for (List<String> texts : List.of(
                    List.of("a"), List.of("", "größer", "x".repeat(10_000)), List.of("y".repeat(22), "z".repeat(23)))) {
                run(instance, List.of(strings(Shape.of(texts.size(), 1), texts)), outputs -> {
                    assertThat(outputs.get(0).shape()).isEqualTo(Shape.of(texts.size(), 1));
                    assertThat(texts(outputs.get(0)))
                            .isEqualTo(texts.stream()
                                    .map(text -> text.toUpperCase(java.util.Locale.ROOT))
                                    .toList());
                });
            }
        });
    }

    /** One tensor in, again and again, and a number out, so that nothing else takes memory. */
    @Test
    void stringsKeepResidentMemoryFlat() {
        with("vocabulary", (signature, instance) -> {
            List<Tensor> inputs = List.of(strings(Shape.of(1), List.of("x".repeat(20_000))));
            Runnable calls = () -> {
                for (int i = 0; i < 1000; i++) {
                    instance.run(inputs).forEach(Tensor::release);
                }
            };
            calls.run();
            // A leak would be 1000 times 20 KB each time. Seen to fail when the tensors were not freed.
            long growth = Long.MAX_VALUE;
            for (int attempt = 0; attempt < 3 && growth > 8 << 20; attempt++) {
                long before = resident();
                calls.run();
                growth = resident() - before;
            }
            inputs.forEach(Tensor::release);
            assertThat(growth).isLessThan(8 << 20);
        });
    }

    private static long resident() {
        System.gc();
        return ResidentMemory.bytes().orElse(0);
    }

    @Test
    void refusesStringsWhoseLengthsLie() {
        with("strings", (signature, instance) -> {
            DataBuffer data = allocator().allocate(5);
            data.view().putInt(100).put((byte) 'x');
            ServingException failure =
                    failureOfRunning(instance, List.of(new Tensor("text", DataType.BYTES, Shape.of(1, 1), data)));
            assertThat(failure.code()).isEqualTo(ErrorCode.INVALID_INPUT);
        });
    }

    @Test
    void looksWordsUpInAVocabularyAmongTheAssets() {
        with("vocabulary", (signature, instance) -> {
            run(
                    instance,
                    List.of(strings(Shape.of(4), List.of("sat", "the", "dog", "cat"))),
                    outputs -> assertThat(TestTensors.longs(outputs.get(0))).containsExactly(2, 0, -1, 1));
        });
    }

    @Test
    void servesTheSignatureThatTheModelIsConfiguredWith() {
        for (Map.Entry<String, Float> wanted :
                Map.of("serving_default", 2f, "triple", 3f).entrySet()) {
            try (TensorModel model = engine().load(signed("signatures", wanted.getKey()), Device.CPU);
                    TensorInstance instance = model.newInstance()) {
                assertTimes(instance, wanted.getValue());
            }
        }
        with("signatures", (signature, instance) -> assertTimes(instance, 2f));
    }

    private void assertTimes(TensorInstance instance, float factor) {
        run(
                instance,
                List.of(TestTensors.floats(allocator(), "x", Shape.of(1, 2), 1, 5)),
                outputs -> assertThat(TestTensors.floats(outputs.get(0))).containsExactly(factor, 5 * factor));
    }

    @Test
    void servesTheOnlySignatureWhateverItsName() {
        with(
                "unusual",
                (signature, instance) -> assertThat(names(signature.outputs())).containsExactly("y"));
    }

    @Test
    void listsTheSignaturesWhereNoneIsTheDefaultOrTheNameIsUnknown() {
        assertThat(refusal(spec(file("ambiguous"))))
                .contains("signature: serving_default", "first, second")
                .doesNotContain("__saved_model");
        assertThat(refusal(signed("signatures", "quadruple"))).contains("quadruple", "serving_default, triple");
        assertThat(refusal(signed("signatures", 7))).contains("signature: 7");
    }

    @Test
    void refusesInputsOfNoDeclaredRank() {
        assertThat(refusal(spec(file("shapeless")))).contains("'x'", "rank");
    }

    @Test
    void tellsClientsWhatIsWrongWithTheirNumbersAndGoesOn() {
        with("table", (signature, instance) -> {
            ServingException failure =
                    failureOfRunning(instance, List.of(TestTensors.ints(allocator(), "index", Shape.of(2), 0, 1000)));
            assertThat(failure.code()).isEqualTo(ErrorCode.INVALID_INPUT);
            assertThat(failure.safeMessage()).contains("1000").doesNotContain("{{");
            run(
                    instance,
                    List.of(TestTensors.ints(allocator(), "index", Shape.of(2), 2, 0)),
                    outputs -> assertThat(TestTensors.floats(outputs.get(0))).containsExactly(5, 6, 1, 2));
        });
    }

    /** A variable of the graph is the input tensor itself: memory of ours used again would change it. */
    @Test
    void inputsThatTheGraphKeepsStayAsTheyWere() {
        with("keeping", (signature, instance) -> {
            float before = 0;
            for (float number : new float[] {1, 2, 3}) {
                float expected = before;
                run(
                        instance,
                        List.of(TestTensors.floats(allocator(), "x", Shape.of(1), number)),
                        outputs ->
                                assertThat(TestTensors.floats(outputs.get(0))).containsExactly(expected));
                before = number;
            }
        });
    }

    @Test
    void refusesAModelThatLinksOutOfItsDirectory() throws IOException {
        Path folder = Files.createDirectories(scratch().resolve("linked"));
        Files.copy(file("two"), folder.resolve(FILE));
        Files.createSymbolicLink(
                folder.resolve("variables"), MODELS.resolve("two/variables").toAbsolutePath());
        assertThat(refusal(spec(folder.resolve(FILE)))).contains("links");
    }

    /** Seen to fail when only the model's own folder was looked through. */
    @Test
    void refusesAModelThatLinksOutOfItsDirectoryByADetour() throws IOException {
        Path root = Files.createDirectories(scratch().resolve("detour"));
        Path model = Files.createDirectories(root.resolve("model"));
        Path detour = Files.createDirectories(root.resolve("elsewhere"));
        Files.copy(file("two"), model.resolve(FILE));
        Files.createSymbolicLink(model.resolve("variables"), detour);
        for (String name : List.of("variables.index", "variables.data-00000-of-00001")) {
            Files.createSymbolicLink(
                    detour.resolve(name),
                    MODELS.resolve("two/variables").resolve(name).toAbsolutePath());
        }
        assertThat(refusal(below(root, "model/" + FILE))).contains("links");
    }

    /** Who sends a request would choose the file. Seen to fail when operators were not looked at. */
    @Test
    void refusesModelsThatReadOrWriteFiles() {
        assertThat(refusal(spec(file("reading")))).contains("ReadFile", "expected: ");
        assertThat(refusal(spec(file("printing")))).contains("PrintV2", "expected: ");
    }

    /** Whichever of a file's graphs and functions it is in, and whatever its version. */
    @Test
    void looksForForbiddenOperatorsEverywhere() throws IOException {
        SavedModel whole;
        try (InputStream content = Files.newInputStream(file("two"))) {
            whole = SavedModel.parseFrom(content);
        }
        NodeDef writing = NodeDef.newBuilder()
                .setName("n")
                .setOp("ExperimentalSqlDataset")
                .build();
        SavedModel.Builder inGraph = whole.toBuilder();
        inGraph.getMetaGraphsBuilder(0).getGraphDefBuilder().addNode(writing);
        SavedModel.Builder inFunction = whole.toBuilder();
        inFunction
                .getMetaGraphsBuilder(0)
                .getGraphDefBuilder()
                .getLibraryBuilder()
                .addFunctionBuilder()
                .addNodeDef(writing.toBuilder().setOp("FixedLengthRecordDatasetV2"));
        assertThat(refusal(spec(changed(inGraph.build())))).contains("ExperimentalSqlDataset");
        assertThat(refusal(spec(changed(inFunction.build())))).contains("FixedLengthRecordDatasetV2");
        try (TensorModel same = engine().load(spec(changed(whole)), Device.CPU)) {
            assertThat(names(same.signature().inputs())).containsExactly("alpha", "zeta");
        }
    }

    /** Numbers read as texts would be taken for addresses. Seen to fail when types were believed. */
    @Test
    void refusesSignaturesThatLieAboutTypes() throws IOException {
        SavedModel whole;
        try (InputStream content = Files.newInputStream(file("two"))) {
            whole = SavedModel.parseFrom(content);
        }
        SavedModel.Builder lying = whole.toBuilder();
        SignatureDef.Builder signature =
                lying.getMetaGraphsBuilder(0).getSignatureDefOrThrow("serving_default").toBuilder();
        signature.putOutputs(
                "sum",
                signature.getOutputsOrThrow("sum").toBuilder()
                        .setDtype(org.tensorflow.proto.DataType.DT_STRING)
                        .build());
        lying.getMetaGraphsBuilder(0).putSignatureDef("serving_default", signature.build());
        assertThat(refusal(spec(changed(lying.build())))).contains("'sum'", "DT_STRING (expected: DT_FLOAT");
    }

    /** A model of that content, with the variables of "two". */
    private Path changed(SavedModel model) throws IOException {
        Path folder = Files.createTempDirectory(scratch(), "changed");
        Path variables = Files.createDirectories(folder.resolve("variables"));
        for (String name : List.of("variables.index", "variables.data-00000-of-00001")) {
            Files.copy(MODELS.resolve("two/variables").resolve(name), variables.resolve(name));
        }
        return Files.write(folder.resolve(FILE), model.toByteArray());
    }

    @Test
    void refusesFilesOfAnotherName() throws IOException {
        Path other = Files.copy(file("two"), scratch().resolve("other.pb"));
        assertThat(refusal(spec(other))).contains("other.pb", "expected: saved_model.pb");
    }

    @Test
    void takesAModelInAFolderOfItsDirectory() {
        try (TensorModel model = engine().load(below(MODELS.toAbsolutePath(), "two/" + FILE), Device.CPU)) {
            assertThat(names(model.signature().inputs())).containsExactly("alpha", "zeta");
        }
    }

    @Test
    void instancesOfOneModelRunAtOnce() throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(4);
        try (TensorModel model = engine().load(spec(file("signatures")), Device.CPU)) {
            List<Callable<Void>> work = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                float number = i + 1;
                work.add(() -> {
                    try (TensorInstance instance = model.newInstance()) {
                        for (int call = 0; call < 100; call++) {
                            Tensor x = TestTensors.floats(allocator(), "x", Shape.of(1, 2), number, call);
                            float second = 2f * call;
                            run(
                                    instance,
                                    List.of(x),
                                    outputs -> assertThat(TestTensors.floats(outputs.get(0)))
                                            .containsExactly(2 * number, second));
                        }
                    }
                    return null;
                });
            }
            for (Future<Void> done : threads.invokeAll(work)) {
                done.get();
            }
        } finally {
            threads.shutdownNow();
        }
    }

    private String refusal(ModelSpec spec) {
        ServingException failure = failureOfLoading(spec);
        assertThat(failure.code()).isEqualTo(ErrorCode.INVALID_MODEL);
        return failure.safeMessage();
    }

    private static ModelSpec below(Path root, String file) {
        ModelSpec whole = spec(file("two"));
        return new ModelSpec(
                whole.id(),
                whole.location(),
                new ModelFiles(root, Optional.of(file)),
                whole.engine(),
                whole.handler(),
                whole.batching(),
                whole.instances(),
                whole.limits(),
                whole.options());
    }

    private static ModelSpec signed(String model, Object signature) {
        ModelSpec plain = spec(file(model));
        return new ModelSpec(
                plain.id(),
                plain.location(),
                plain.files(),
                plain.engine(),
                plain.handler(),
                plain.batching(),
                plain.instances(),
                plain.limits(),
                Map.of("sluice", Map.of("signature", signature)));
    }

    private Tensor strings(Shape shape, List<String> texts) {
        return ByteElements.write(
                "text", shape, texts.stream().map(text -> text.getBytes(UTF_8)).toList(), allocator());
    }

    private static List<String> texts(Tensor tensor) {
        return ByteElements.read(tensor).stream()
                .map(bytes -> new String(bytes, UTF_8))
                .toList();
    }

    private static List<String> names(List<TensorSpec> specs) {
        return specs.stream().map(TensorSpec::name).toList();
    }

    private static Path file(String model) {
        return MODELS.resolve(model).resolve(FILE);
    }

    private interface Use {
        void of(Signature signature, TensorInstance instance);
    }

    private void with(String model, Use use) {
        try (TensorModel loaded = engine().load(spec(file(model)), Device.CPU);
                TensorInstance instance = loaded.newInstance()) {
            use.of(loaded.signature(), instance);
        }
    }
}
