// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.tflite;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.engine.EngineProvider;
import dev.sluice.engine.EngineSettings;
import dev.sluice.engine.TensorInstance;
import dev.sluice.engine.TensorModel;
import dev.sluice.engine.testing.EngineHarness;
import dev.sluice.engine.testing.TestTensors;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.model.Device;
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
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

/** What is TF Lite's own; the models are described in src/test/models/make_models.py. */
class TfLiteTest extends EngineHarness {
    private static final Path MODELS = Path.of("src/test/models");

    @Override
    protected EngineProvider provider() {
        return new TfLiteProvider();
    }

    @Override
    protected EngineSettings settings(Path cacheDirectory, BufferAllocator allocator) {
        return TestSettings.of(cacheDirectory, allocator);
    }

    @Test
    void takesNamesFromTheSignatureAndTheOrderFromTheGraph() {
        with("two", (signature, instance) -> {
            assertThat(names(signature.inputs())).containsExactlyInAnyOrder("alpha", "zeta");
            assertThat(names(signature.outputs())).containsExactlyInAnyOrder("difference", "sum");
            List<Tensor> inputs = new ArrayList<>();
            for (TensorSpec input : signature.inputs()) {
                float number = input.name().equals("zeta") ? 5 : 3;
                inputs.add(TestTensors.floats(allocator(), input.name(), Shape.of(1, 2), number, 2 * number));
            }
            run(instance, inputs, outputs -> {
                for (Tensor output : outputs) {
                    float[] expected = output.name().equals("sum") ? new float[] {8, 16} : new float[] {2, 4};
                    assertThat(TestTensors.floats(output)).containsExactly(expected);
                }
            });
        });
    }

    @Test
    void namesTensorsLikeTheGraphWhereThereIsNoSignature() {
        with("unsigned", (signature, instance) -> {
            assertThat(names(signature.inputs()))
                    .hasSize(2)
                    .anyMatch(name -> name.contains("alpha"))
                    .anyMatch(name -> name.contains("zeta"));
            assertThat(names(signature.outputs())).hasSize(2).doesNotContain("sum");
        });
    }

    @Test
    void passesEveryTypeUnchanged() {
        with("types", (signature, instance) -> {
            assertThat(signature.inputs())
                    .extracting(TensorSpec::type)
                    .containsExactly(
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
            assertThat(signature.inputs().get(0)).isEqualTo(new TensorSpec("text", DataType.BYTES, Shape.of(-1)));
            for (List<String> texts :
                    List.of(List.of("a"), List.of("", "größer", "x".repeat(10_000)), List.of("b"), List.of("", ""))) {
                run(instance, List.of(strings("text", texts)), outputs -> {
                    assertThat(outputs.get(0).shape()).isEqualTo(Shape.of(texts.size(), 1));
                    assertThat(texts(outputs.get(0))).isEqualTo(texts);
                });
            }
        });
    }

    @Test
    void answersWithStringsFromATableInTheModel() {
        with(
                "labels",
                (signature, instance) -> run(
                        instance,
                        List.of(TestTensors.ints(allocator(), "index", Shape.of(3), 1, 2, 0)),
                        outputs -> assertThat(texts(outputs.get(0))).containsExactly("hündin", "", "cat")));
    }

    @Test
    void refusesStringsWhoseLengthsLie() {
        with("strings", (signature, instance) -> {
            DataBuffer data = allocator().allocate(5);
            data.view().putInt(100).put((byte) 'x');
            ServingException failure =
                    failureOfRunning(instance, List.of(new Tensor("text", DataType.BYTES, Shape.of(1), data)));
            assertThat(failure.code()).isEqualTo(ErrorCode.INVALID_INPUT);
            run(
                    instance,
                    List.of(strings("text", List.of("next"))),
                    outputs -> assertThat(texts(outputs.get(0))).containsExactly("next"));
        });
    }

    @Test
    void quantisedModelsTakeAndGiveTheirOwnIntegers() {
        with("quantised", (signature, instance) -> {
            assertThat(signature.inputs().get(0).type()).isEqualTo(DataType.UINT8);
            run(
                    instance,
                    List.of(TestTensors.bytes(
                            allocator(), "x", DataType.UINT8, Shape.of(2, 3), 0, 100, 255, 255, 0, 9)),
                    outputs -> {
                        assertThat(outputs.get(0).type()).isEqualTo(DataType.UINT8);
                        assertThat(outputs.get(0).shape()).isEqualTo(Shape.of(2, 3));
                        // Input and output are scaled to their own ranges, so twice as much is the same byte.
                        byte[] bytes = outputs.get(0).data().toByteArray();
                        assertThat(bytes[0] & 0xFF).isLessThan(3);
                        assertThat(bytes[1] & 0xFF).isBetween(98, 102);
                        assertThat(bytes[3] & 0xFF).isGreaterThan(252);
                    });
        });
    }

    /** Seen to fail without the probe. */
    @Test
    void runsMoreRowsThanExportedWhereThatGivesTheSame() {
        with("batchone", (signature, instance) -> {
            assertThat(signature.inputs().get(0).shape()).isEqualTo(Shape.of(-1, 4));
            assertThat(signature.outputs().get(0).shape()).isEqualTo(Shape.of(-1, 2));
            Tensor rows = TestTensors.floats(allocator(), "x", Shape.of(3, 4), 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 2);
            run(
                    instance,
                    List.of(rows),
                    outputs -> assertThat(TestTensors.floats(outputs.get(0))).containsExactly(1, 0, 2, -1, 1, 6));
        });
    }

    /** Seen to fail when the probe compared shapes only. */
    @Test
    void keepsToOneRowWhereOthersWouldChangeTheAnswer() {
        keepsToItsRows("mixing", Shape.of(1, 4));
    }

    @Test
    void keepsToOneRowWhereTheGraphIsBuiltForIt() {
        keepsToItsRows("fixed", Shape.of(1, 4));
    }

    @Test
    void keepsToTheNumberOfRowsThatWasDeclared() {
        keepsToItsRows("pair", Shape.of(2, 3));
    }

    private void keepsToItsRows(String model, Shape declared) {
        with(model, (signature, instance) -> {
            assertThat(signature.inputs().get(0).shape()).isEqualTo(declared);
            Shape more = declared.withOutermost(3);
            ServingException failure =
                    failureOfRunning(instance, List.of(TestTensors.zeros(allocator(), "x", DataType.FP32, more)));
            assertThat(failure.code()).isEqualTo(ErrorCode.INVALID_INPUT);
            assertThat(failure.safeMessage()).contains("'x'", more.toString(), declared.toString());
            run(
                    instance,
                    List.of(TestTensors.zeros(allocator(), "x", DataType.FP32, declared)),
                    outputs -> assertThat(outputs.get(0).shape().dimension(0)).isEqualTo(declared.dimension(0)));
        });
    }

    /** More shapes than interpreters, in an order in which each comes when it was just given up. */
    @Test
    void answersRightWhenShapesComeAndGo() {
        with("batchone", (signature, instance) -> {
            for (int call = 0; call < 40; call++) {
                int rows = 1 + call % (TfLiteInstance.MOST_INTERPRETERS + 2);
                float[] numbers = new float[rows * 4];
                float[] expected = new float[rows * 2];
                for (int row = 0; row < rows; row++) {
                    numbers[row * 4] = call + row;
                    expected[row * 2] = call + row;
                }
                run(
                        instance,
                        List.of(TestTensors.floats(allocator(), "x", Shape.of(rows, 4), numbers)),
                        outputs ->
                                assertThat(TestTensors.floats(outputs.get(0))).containsExactly(expected));
            }
        });
    }

    @Test
    void readsOutputsWhoseSizeDependsOnTheData() {
        with("where", (signature, instance) -> {
            assertThat(signature.outputs().get(0).shape().dimension(0)).isEqualTo(Shape.ANY);
            for (float[] numbers : new float[][] {{1, -1, 2}, {-1, -1, -1}, {3, 4, 5}, {0, 0, 7}}) {
                long[] places = java.util.stream.LongStream.range(0, 3)
                        .filter(i -> numbers[(int) i] > 0)
                        .toArray();
                run(instance, List.of(TestTensors.floats(allocator(), "x", Shape.of(3), numbers)), outputs -> {
                    assertThat(outputs.get(0).shape()).isEqualTo(Shape.of(places.length, 1));
                    assertThat(TestTensors.longs(outputs.get(0))).isEqualTo(places);
                });
            }
        });
    }

    @Test
    void goesOnAfterAnInputThatTheModelFailsOn() {
        with("table", (signature, instance) -> {
            ServingException failure = failureOfRunning(
                    instance, List.of(TestTensors.ints(allocator(), "index", Shape.of(2), 0, 1_000_000)));
            assertThat(failure.code()).isEqualTo(ErrorCode.ENGINE_FAILED);
            run(
                    instance,
                    List.of(TestTensors.ints(allocator(), "index", Shape.of(2), 2, 0)),
                    outputs -> assertThat(TestTensors.floats(outputs.get(0))).containsExactly(5, 6, 1, 2));
        });
    }

    @Test
    void namesOperatorsItDoesNotHave() {
        assertThat(refusal("custom").safeMessage()).contains("custom.tflite", "MyOwnOp", "expected: built-in");
        assertThat(refusal("flex").safeMessage()).contains("flex.tflite", "FlexBitcast");
    }

    @Test
    void refusesTypesThatNobodyCanSend() {
        assertThat(refusal("complex").safeMessage()).contains("'x'", "COMPLEX64");
    }

    private ServingException refusal(String model) {
        ServingException failure = failureOfLoading(spec(file(model)));
        assertThat(failure.code()).isEqualTo(ErrorCode.INVALID_MODEL);
        return failure;
    }

    @Test
    void takesASignatureOfTheFirstSubgraphOnly() {
        try (TensorModel model = engine().load(signed("signatures", "thrice"), Device.CPU)) {
            assertThat(names(model.signature().inputs())).containsExactly("x");
        }
        for (Object wrong : List.of("twice", "none", 7)) {
            ServingException failure = failureOfLoading(signed("signatures", wrong));
            assertThat(failure.code()).isEqualTo(ErrorCode.INVALID_MODEL);
            assertThat(failure.safeMessage()).contains("signature: " + wrong, "thrice");
        }
        assertThat(failureOfLoading(signed("unsigned", "twice")).safeMessage()).contains("no signatures");
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

    /** An interpreter is one thread's at a time; a model is everybody's. */
    @Test
    void instancesOfOneModelRunAtOnce() throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(4);
        try (TensorModel model = engine().load(spec(file("batchone")), Device.CPU)) {
            List<Callable<Void>> work = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                float number = i + 1;
                work.add(() -> {
                    try (TensorInstance instance = model.newInstance()) {
                        for (int call = 0; call < 200; call++) {
                            Tensor x = TestTensors.floats(allocator(), "x", Shape.of(1, 4), number, number, 0, 0);
                            run(
                                    instance,
                                    List.of(x),
                                    outputs -> assertThat(TestTensors.floats(outputs.get(0)))
                                            .containsExactly(number, number));
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

    /**
     * Bytes in the middle changed: refused, or run, but never the end of the process, which it was before the engine looked at the
     * numbers that stand for tensors.
     */
    @Test
    void survivesDamagedFiles() throws IOException {
        byte[] good = Files.readAllBytes(file("quantised"));
        for (int at = 0; at < 3 * good.length; at += 3) {
            byte[] damaged = good.clone();
            damaged[at % good.length] ^= (byte) (at < good.length ? 0xFF : at < 2 * good.length ? 1 : 0x80);
            Path file = Files.write(scratch().resolve("damaged.tflite"), damaged);
            try (TensorModel model = engine().load(spec(file), Device.CPU)) {
                assertThat(model.signature().isDeclared()).isTrue();
            } catch (ServingException e) {
                assertFitForClients(e);
            }
        }
    }

    /** The same for constant texts. Seen to end the process when nobody looked whether they lie where the file says. */
    @Test
    void survivesDamagedTexts() throws IOException {
        byte[] good = Files.readAllBytes(file("labels"));
        for (int at = 0; at < 3 * good.length; at++) {
            byte[] damaged = good.clone();
            damaged[at % good.length] = (byte) (at < good.length ? 0xFF : at < 2 * good.length ? 0 : 0x80);
            Path file = Files.write(scratch().resolve("damaged.tflite"), damaged);
            try (TensorModel model = engine().load(spec(file), Device.CPU);
                    TensorInstance instance = model.newInstance()) {
                Tensor row = TestTensors.ints(allocator(), "row", Shape.of(2), 2, 0);
                run(instance, List.of(row), outputs -> assertThat(outputs).isNotEmpty());
            } catch (ServingException e) {
                assertFitForClients(e);
            }
        }
    }

    private Tensor strings(String name, List<String> texts) {
        return ByteElements.write(
                name,
                Shape.of(texts.size()),
                texts.stream().map(text -> text.getBytes(UTF_8)).toList(),
                allocator());
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
        return MODELS.resolve(model + ".tflite");
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
