// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.onnxruntime;

import static org.assertj.core.api.Assertions.assertThat;

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
import dev.sluice.model.TensorSpec;
import dev.sluice.tensor.BufferAllocator;
import dev.sluice.tensor.DataType;
import dev.sluice.tensor.Shape;
import dev.sluice.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class OnnxRuntimeTest extends EngineHarness {
    private static final Path MODELS = Path.of("src", "test", "models");

    @Override
    protected EngineProvider provider() {
        return new OnnxRuntimeProvider();
    }

    @Override
    protected EngineSettings settings(Path cacheDirectory, BufferAllocator allocator) {
        return TestSettings.of(cacheDirectory, allocator);
    }

    @Test
    void readsTheSignatureFromTheFile() {
        try (TensorModel model = engine().load(spec(MODELS.resolve("two.onnx")), Device.CPU)) {
            assertThat(model.signature().inputs())
                    .containsExactly(
                            new TensorSpec("a", DataType.FP32, Shape.of(-1, 3)),
                            new TensorSpec("b", DataType.FP32, Shape.of(-1, 3)));
            assertThat(model.signature().outputs())
                    .containsExactly(
                            new TensorSpec("sum", DataType.FP32, Shape.of(-1, 3)),
                            new TensorSpec("greater", DataType.BOOL, Shape.of(-1, 3)));
        }
    }

    @Test
    void passesEveryTypeUnchanged() {
        Shape shape = Shape.of(2, 2);
        List<Tensor> inputs = List.of(
                TestTensors.bytes(allocator(), "bool", DataType.BOOL, shape, 0, 1, 1, 0),
                TestTensors.bytes(allocator(), "uint8", DataType.UINT8, shape, 0, 1, 128, 255),
                TestTensors.shorts(allocator(), "uint16", DataType.UINT16, shape, 0, 1, 32768, 65535),
                unsigned("uint32", TestTensors.ints(allocator(), "uint32", shape, 0, 1, Integer.MIN_VALUE, -1)),
                unsigned("uint64", TestTensors.longs(allocator(), "uint64", shape, 0, 1, Long.MIN_VALUE, -1)),
                TestTensors.bytes(allocator(), "int8", DataType.INT8, shape, 0, -1, 127, -128),
                TestTensors.shorts(allocator(), "int16", DataType.INT16, shape, 0, -1, 32767, -32768),
                TestTensors.ints(allocator(), "int32", shape, 0, -1, Integer.MAX_VALUE, Integer.MIN_VALUE),
                TestTensors.longs(allocator(), "int64", shape, 0, -1, Long.MAX_VALUE, Long.MIN_VALUE),
                TestTensors.shorts(allocator(), "fp16", DataType.FP16, shape, 0x3C00, 0xC000, 0x7C00, 0x0001),
                TestTensors.shorts(allocator(), "bf16", DataType.BF16, shape, 0x3F80, 0xC000, 0x7F80, 0x0001),
                TestTensors.floats(allocator(), "fp32", shape, 0f, -1.5f, Float.MAX_VALUE, Float.MIN_VALUE),
                TestTensors.doubles(allocator(), "fp64", shape, 0d, -1.5d, Double.MAX_VALUE, Double.MIN_VALUE));
        List<byte[]> expected =
                inputs.stream().map(input -> input.data().toByteArray()).toList();
        with(
                "types",
                instance -> run(instance, inputs, outputs -> {
                    for (int i = 0; i < expected.size(); i++) {
                        assertThat(outputs.get(i).type())
                                .isEqualTo(inputs.get(i).type());
                        assertThat(outputs.get(i).shape()).isEqualTo(shape);
                        assertThat(outputs.get(i).data().toByteArray())
                                .as(outputs.get(i).name())
                                .isEqualTo(expected.get(i));
                    }
                }));
    }

    /** The graphs beside such a model go with it. Seen to fail when they stayed. */
    @Test
    void unloadingAModelOfUnsignedNumbersKeepsResidentMemoryFlat() {
        Runnable loads = () -> {
            for (int i = 0; i < 100; i++) {
                with("types", instance -> assertThat(instance).isNotNull());
            }
        };
        loads.run();
        long growth = Long.MAX_VALUE;
        for (int attempt = 0; attempt < 3 && growth > 4 << 20; attempt++) {
            long before = resident();
            loads.run();
            growth = resident() - before;
        }
        assertThat(growth).isLessThan(4 << 20);
    }

    private static long resident() {
        System.gc();
        return ResidentMemory.bytes().orElse(0);
    }

    @Test
    void takesSeveralInputsAndGivesSeveralOutputs() {
        with(
                "two",
                instance -> run(
                        instance,
                        List.of(floats("a", Shape.of(1, 3), 1, 2, 3), floats("b", Shape.of(1, 3), 10, -20, 30)),
                        outputs -> {
                            assertThat(TestTensors.floats(outputs.get(0))).containsExactly(11, -18, 33);
                            assertThat(outputs.get(1).data().toByteArray()).containsExactly(0, 1, 0);
                        }));
    }

    @Test
    void allocatesNothingButTheOutputs() {
        with("two", instance -> {
            List<Tensor> inputs = List.of(floats("a", Shape.of(1, 3), 1, 2, 3), floats("b", Shape.of(1, 3), 4, 5, 6));
            long before = allocator().allocated();
            run(
                    instance,
                    inputs,
                    outputs -> assertThat(allocator().allocated() - before).isEqualTo(outputs.size()));
        });
    }

    @Test
    void readsOutputsAsLongAsTheDataSays() {
        with("nonzero", instance -> {
            run(instance, List.of(floats("x", Shape.of(2, 3), 0, 7, 0, 0, 0, 9)), outputs -> {
                assertThat(outputs.get(0).shape()).isEqualTo(Shape.of(2, 2));
                assertThat(TestTensors.longs(outputs.get(0))).containsExactly(0, 1, 1, 2);
            });
            run(
                    instance,
                    List.of(floats("x", Shape.of(1, 3), 0, 0, 0)),
                    outputs -> assertThat(outputs.get(0).shape()).isEqualTo(Shape.of(2, 0)));
        });
    }

    @Test
    void takesNoRows() {
        with(
                "two",
                instance -> run(
                        instance,
                        List.of(floats("a", Shape.of(0, 3)), floats("b", Shape.of(0, 3))),
                        outputs -> assertThat(outputs)
                                .allMatch(output -> output.shape().equals(Shape.of(0, 3)))));
    }

    @Test
    void concludesNothingFromANameThatStandsForTwoSizes() {
        with(
                "misnamed",
                instance -> run(
                        instance,
                        List.of(floats("a", Shape.of(1, 2), 1, 2), floats("b", Shape.of(2, 2), 3, 4, 5, 6)),
                        outputs -> {
                            assertThat(TestTensors.floats(outputs.get(0))).containsExactly(1, 2);
                            assertThat(TestTensors.floats(outputs.get(1))).containsExactly(3, 4, 5, 6);
                        }));
    }

    @Test
    void survivesWrongShapesInTheFile() {
        with("wrongshape", instance -> {
            for (int times : new int[] {1, 2, 2, 1}) {
                Tensor repeats = TestTensors.longs(allocator(), "repeats", Shape.of(2), 1, times);
                run(instance, List.of(floats("x", Shape.of(1, 3), 1, 2, 3), repeats), outputs -> {
                    assertThat(outputs.get(0).shape()).isEqualTo(Shape.of(1, 3L * times));
                    assertThat(TestTensors.floats(outputs.get(0)))
                            .startsWith(1, 2, 3)
                            .endsWith(1, 2, 3);
                });
            }
        });
    }

    @Test
    void takesAnyShapeWhereTheFileDeclaresNone() {
        with(
                "shapeless",
                instance -> run(
                        instance,
                        List.of(floats("x", Shape.of(2, 1, 2), -1, 2, -3, 4)),
                        outputs ->
                                assertThat(TestTensors.floats(outputs.get(0))).containsExactly(0, 2, 0, 4)));
    }

    @Test
    void readsUnsignedNumbersWiderThanAByte() {
        with(
                "uint16out",
                instance -> run(instance, List.of(floats("x", Shape.of(2), 1, 65535)), outputs -> {
                    assertThat(outputs.get(0).type()).isEqualTo(DataType.UINT16);
                    assertThat(outputs.get(0).data().toByteArray()).containsExactly(1, 0, 0xFF, 0xFF);
                }));
    }

    /** The file lists the bias as an input, too, as files of the older kind do. */
    @Test
    void asksForNoInputTheFileHasAValueFor() {
        with(
                "defaulted",
                instance -> run(
                        instance,
                        List.of(floats("x", Shape.of(1, 2), 1, 2)),
                        outputs ->
                                assertThat(TestTensors.floats(outputs.get(0))).containsExactly(11, 22)));
    }

    @Test
    void runsAModelWithoutInputs() {
        with("constant", instance -> {
            run(
                    instance,
                    List.of(),
                    outputs -> assertThat(TestTensors.floats(outputs.get(0))).containsExactly(1.5f, 2.5f));
            ServingException failure = failureOfRunning(instance, List.of(floats("x", Shape.of(1), 1)));
            assertThat(failure.code()).isEqualTo(ErrorCode.INVALID_INPUT);
            assertThat(failure.safeMessage()).isEqualTo("inputs: 1 (expected: none, the model takes no input)");
        });
    }

    @Test
    void refusesAnotherTypeWhereTheFileDeclaresNoShape() {
        with("shapeless", instance -> {
            ServingException failure =
                    failureOfRunning(instance, List.of(TestTensors.longs(allocator(), "x", Shape.of(2), 1, 2)));
            assertThat(failure.code()).isEqualTo(ErrorCode.INVALID_INPUT);
            assertThat(failure.safeMessage()).isEqualTo("input 'x': INT64 [2] (expected: FP32 of any shape)");
        });
    }

    /** A shape that the file does not rule out reaches the runtime, which must survive it. */
    @Test
    void survivesWildShapesWhereTheFileDeclaresNone() {
        long[] deep = new long[100];
        Arrays.fill(deep, 1);
        with("shapeless", instance -> {
            for (Shape shape : List.of(
                    Shape.of(),
                    Shape.of(0),
                    Shape.of(deep),
                    Shape.of(0, 1L << 40, 1L << 40),
                    Shape.of(1L << 62, 0, 1L << 62, 4))) {
                Tensor input = TestTensors.zeros(allocator(), "x", DataType.FP32, shape);
                try {
                    instance.run(List.of(input)).forEach(Tensor::release);
                } catch (ServingException e) {
                    assertFitForClients(e);
                } finally {
                    input.release();
                }
            }
        });
    }

    @Test
    void tellsTheCallerOfInputTheGraphRefuses() {
        with("lookup", instance -> {
            Tensor beyond = TestTensors.longs(allocator(), "index", Shape.of(2), 0, 7);
            ServingException failure = failureOfRunning(instance, List.of(beyond));
            assertThat(failure.code()).isEqualTo(ErrorCode.INVALID_INPUT);
            assertThat(failure.safeMessage()).contains("idx=7");
            Tensor within = TestTensors.longs(allocator(), "index", Shape.of(2), 2, 0);
            run(
                    instance,
                    List.of(within),
                    outputs -> assertThat(TestTensors.floats(outputs.get(0))).containsExactly(3.5f, 1.5f));
        });
    }

    @Test
    void namesTheInputAndWhatItTakes() {
        with("two", instance -> {
            ServingException failure = failureOfRunning(
                    instance, List.of(floats("a", Shape.of(1, 3), 1, 2, 3), floats("b", Shape.of(1, 2), 4, 5)));
            assertThat(failure.safeMessage()).isEqualTo("input 'b': FP32 [1, 2] (expected: FP32 [-1, 3])");
        });
    }

    @ParameterizedTest
    @CsvSource({
        "complex, complex64",
        "sequence, output 'y' holds a sequence",
        "optional, 'optional'",
        "unknownop, NoSuchOperator"
    })
    void refusesModelsItCannotServe(String model, String reason) {
        ServingException failure = failureOfLoading(spec(MODELS.resolve(model + ".onnx")));
        assertThat(failure.code()).isEqualTo(ErrorCode.INVALID_MODEL);
        assertThat(failure.safeMessage()).contains(reason);
    }

    @Test
    void readsWeightsBesideTheModel() {
        with(
                "external",
                instance -> run(
                        instance,
                        List.of(floats("x", Shape.of(1, 4), 10, 10, 10, 10)),
                        outputs ->
                                assertThat(TestTensors.floats(outputs.get(0))).containsExactly(10, 11, 12, 13)));
    }

    @ParameterizedTest
    @ValueSource(strings = {"external-parent", "external-absolute"})
    void readsNoWeightsFromElsewhere(String model) throws IOException {
        Path folder = Files.createDirectories(scratch().resolve(model));
        Files.copy(MODELS.resolve("external.bin"), scratch().resolve("external.bin"));
        Files.copy(MODELS.resolve(model + ".onnx"), folder.resolve("model.onnx"));
        ServingException failure = failureOfLoading(spec(folder.resolve("model.onnx")));
        assertThat(failure.code()).isEqualTo(ErrorCode.INVALID_MODEL);
        assertThat(failure.safeMessage()).containsIgnoringCase("external data");
        Files.delete(scratch().resolve("external.bin"));
    }

    @Test
    void followsNoLinkToWeightsElsewhere() throws IOException {
        Path folder = Files.createDirectories(scratch().resolve("linked"));
        Path elsewhere = Files.copy(MODELS.resolve("external.bin"), scratch().resolve("elsewhere.bin"));
        Files.createSymbolicLink(folder.resolve("linked.bin"), elsewhere);
        Files.copy(MODELS.resolve("external-linked.onnx"), folder.resolve("model.onnx"));
        assertThat(failureOfLoading(spec(folder.resolve("model.onnx"))).safeMessage())
                .contains("External data");
    }

    private void with(String model, Consumer<TensorInstance> test) {
        try (TensorModel loaded = engine().load(spec(MODELS.resolve(model + ".onnx")), Device.CPU);
                TensorInstance instance = loaded.newInstance()) {
            test.accept(instance);
        }
    }

    /** The same bits under the name of the unsigned type. */
    private static Tensor unsigned(String type, Tensor signed) {
        return new Tensor(
                signed.name(), DataType.valueOf(type.toUpperCase(Locale.ROOT)), signed.shape(), signed.data());
    }

    private Tensor floats(String name, Shape shape, float... values) {
        return TestTensors.floats(allocator(), name, shape, values);
    }
}
