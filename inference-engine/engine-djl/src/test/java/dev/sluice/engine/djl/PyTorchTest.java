// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.djl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.djl.pytorch.jni.JniUtils;
import dev.sluice.engine.Engine;
import dev.sluice.engine.EngineProvider;
import dev.sluice.engine.EngineSettings;
import dev.sluice.engine.TensorInstance;
import dev.sluice.engine.TensorModel;
import dev.sluice.engine.testing.EngineHarness;
import dev.sluice.engine.testing.ReferenceModel;
import dev.sluice.engine.testing.TestTensors;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.model.Device;
import dev.sluice.model.ModelSpec;
import dev.sluice.model.Placement;
import dev.sluice.tensor.BufferAllocator;
import dev.sluice.tensor.ByteElements;
import dev.sluice.tensor.DataType;
import dev.sluice.tensor.Shape;
import dev.sluice.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PyTorchTest extends EngineHarness {
    private static final Path MODELS = Path.of("src", "test", "models");

    @Override
    protected EngineProvider provider() {
        return new PyTorchProvider();
    }

    @Override
    protected EngineSettings settings(Path cacheDirectory, BufferAllocator allocator) {
        return TestSettings.of(cacheDirectory, allocator);
    }

    @Test
    void declaresNothing() {
        with("named.pt", instance -> assertThat(instance).isNotNull());
        try (TensorModel model = engine().load(spec(MODELS.resolve("named.pt")), Device.CPU)) {
            assertThat(model.signature().isDeclared()).isFalse();
        }
    }

    @Test
    void usesAsManyThreadsAsItWasTold() {
        assertThat(JniUtils.getNumThreads()).isEqualTo(settings().intraOpThreads());
        assertThat(JniUtils.getNumInteropThreads()).isEqualTo(1);
    }

    @Test
    void passesEveryTypeUnchanged() {
        Shape shape = Shape.of(2, 2);
        List<Tensor> inputs = List.of(
                TestTensors.bytes(allocator(), "bool", DataType.BOOL, shape, 0, 1, 1, 0),
                TestTensors.bytes(allocator(), "uint8", DataType.UINT8, shape, 0, 1, 128, 255),
                TestTensors.bytes(allocator(), "int8", DataType.INT8, shape, 0, -1, 127, -128),
                TestTensors.ints(allocator(), "int32", shape, 0, -1, Integer.MAX_VALUE, Integer.MIN_VALUE),
                TestTensors.longs(allocator(), "int64", shape, 0, -1, Long.MAX_VALUE, Long.MIN_VALUE),
                TestTensors.shorts(allocator(), "fp16", DataType.FP16, shape, 0x3C00, 0xC000, 0x7C00, 0x0001),
                TestTensors.floats(allocator(), "fp32", shape, 0f, -1.5f, Float.MAX_VALUE, Float.MIN_VALUE),
                TestTensors.doubles(allocator(), "fp64", shape, 0d, -1.5d, Double.MAX_VALUE, Double.MIN_VALUE));
        List<byte[]> expected =
                inputs.stream().map(input -> input.data().toByteArray()).toList();
        with(
                "types.pt",
                instance -> run(instance, inputs, outputs -> {
                    assertThat(outputs).hasSameSizeAs(inputs);
                    for (int i = 0; i < expected.size(); i++) {
                        assertThat(outputs.get(i).type())
                                .isEqualTo(inputs.get(i).type());
                        assertThat(outputs.get(i).shape()).isEqualTo(shape);
                        assertThat(outputs.get(i).data().toByteArray())
                                .as(inputs.get(i).name())
                                .isEqualTo(expected.get(i));
                    }
                }));
    }

    @Test
    void givesTheEntriesOfADictionaryByNameInAlphabeticalOrder() {
        with(
                "named.pt",
                instance -> run(
                        instance,
                        List.of(floats("x", Shape.of(1, 3), 1, 2, 3), floats("y", Shape.of(1, 3), 10, -20, 30)),
                        outputs -> {
                            assertThat(outputs).extracting(Tensor::name).containsExactly("greater", "sum");
                            assertThat(outputs.get(0).data().toByteArray()).containsExactly(0, 1, 0);
                            assertThat(TestTensors.floats(outputs.get(1))).containsExactly(11, -18, 33);
                        }));
    }

    @Test
    void numbersWhatTuplesAndListsHold() {
        with(
                "nested.pt",
                instance -> run(instance, List.of(floats("x", Shape.of(1), 5)), outputs -> {
                    assertThat(outputs)
                            .extracting(Tensor::name)
                            .containsExactly("output_0", "output_1", "output_2", "output_3", "output_4");
                    for (int i = 0; i < 5; i++) {
                        assertThat(TestTensors.floats(outputs.get(i))).containsExactly(5 + i);
                    }
                }));
    }

    @Test
    void givesNamesOfInputsNoMeaning() {
        for (String name : new String[] {"", "x()", "x[]", "module_method:other", "a.b"}) {
            with(
                    "nested.pt",
                    instance -> run(
                            instance,
                            List.of(floats(name, Shape.of(1), 5)),
                            outputs -> assertThat(TestTensors.floats(outputs.get(0)))
                                    .containsExactly(5)));
        }
    }

    @Test
    void ordersTheNumbersOfATransposedOutput() {
        with(
                "transposed.pt",
                instance -> run(instance, List.of(floats("x", Shape.of(2, 3), 1, 2, 3, 4, 5, 6)), outputs -> {
                    assertThat(outputs.get(0).shape()).isEqualTo(Shape.of(3, 2));
                    assertThat(TestTensors.floats(outputs.get(0))).containsExactly(1, 4, 2, 5, 3, 6);
                }));
    }

    @Test
    void readsOutputsAsLongAsTheDataSays() {
        with("where.pt", instance -> {
            run(
                    instance,
                    List.of(floats("x", Shape.of(4), 0, 7, 0, 9)),
                    outputs -> assertThat(TestTensors.longs(outputs.get(0))).containsExactly(1, 3));
            run(
                    instance,
                    List.of(floats("x", Shape.of(2), 0, 0)),
                    outputs -> assertThat(outputs.get(0).shape()).isEqualTo(Shape.of(0, 1)));
        });
    }

    @Test
    void takesNoRows() {
        with(
                "transposed.pt",
                instance -> run(
                        instance,
                        List.of(floats("x", Shape.of(0, 3))),
                        outputs -> assertThat(outputs.get(0).shape()).isEqualTo(Shape.of(3, 0))));
    }

    /** The contract's digits in a file made for PyTorch Mobile. */
    @Test
    void givesTheReferenceNumbersOfAMobileFile() {
        ReferenceModel digits = ReferenceModel.digits(Path.of(System.getProperty("sluice.test.models")), "digits.ptl");
        try (TensorModel loaded = engine().load(spec(digits.file()), Device.CPU);
                TensorInstance instance = loaded.newInstance()) {
            for (ReferenceModel.Row row : digits.rows()) {
                float[] pixels = new float[row.input().size()];
                for (int i = 0; i < pixels.length; i++) {
                    pixels[i] = row.input().get(i);
                }
                run(instance, List.of(floats("image", digits.inputRow().rows(1), pixels)), outputs -> {
                    float[] logits = TestTensors.floats(outputs.get(0));
                    for (int i = 0; i < logits.length; i++) {
                        float expected = row.output().get(i);
                        assertThat(logits[i]).isCloseTo(expected, within(1e-5f * Math.max(1, Math.abs(expected))));
                    }
                });
            }
        }
    }

    @Test
    void runsTheModelAsForInferenceNotTraining() {
        with(
                "dropping.pt",
                instance -> run(
                        instance,
                        List.of(floats("x", Shape.of(6), 1, 2, 3, 4, 5, 6)),
                        outputs ->
                                assertThat(TestTensors.floats(outputs.get(0))).containsExactly(1, 2, 3, 4, 5, 6)));
    }

    /** A small input is copied into a tensor that stays for the next. Seen to fail when that is not looked at after the call. */
    @Test
    void doesNotMindModulesThatChangeTheirInput() {
        with("turning.pt", instance -> {
            for (int call = 0; call < 3; call++) {
                run(instance, List.of(floats("x", Shape.of(2, 3), 1, 2, 3, 4, 5, 6)), outputs -> {
                    assertThat(outputs.get(0).shape()).isEqualTo(Shape.of(3, 2));
                    assertThat(TestTensors.floats(outputs.get(0))).containsExactly(2, 8, 4, 10, 6, 12);
                });
            }
        });
    }

    /** One too large for that would be computed on where the request has it. Seen to fail when it was. */
    @Test
    void keepsWhatWasSentFromModulesThatWriteIntoIt() {
        with("turning.pt", instance -> {
            float[] numbers = new float[100_000];
            Arrays.fill(numbers, 3);
            Tensor large = floats("x", Shape.of(2, 50_000), numbers);
            large.data().retain();
            run(
                    instance,
                    List.of(large),
                    outputs -> assertThat(TestTensors.floats(outputs.get(0))).containsOnly(6));
            assertThat(TestTensors.floats(large)).containsOnly(3);
            large.release();
        });
    }

    @Test
    void looksWhetherAModuleWrites() {
        assertThat(TorchFile.mayWriteIntoArguments(MODELS.resolve("named.pt"))).isFalse();
        assertThat(TorchFile.mayWriteIntoArguments(MODELS.resolve("turning.pt")))
                .isTrue();
        assertThat(TorchFile.mayWriteIntoArguments(MODELS.resolve("lite.ptl")))
                .as("without code")
                .isTrue();
        assertThat(TorchFile.mayWriteIntoArguments(MODELS.resolve("old.pth")))
                .as("no archive")
                .isTrue();
    }

    @Test
    void copiesOutputsOnceAndInputsNotIntoMemoryOfOurs() {
        with("named.pt", instance -> {
            List<Tensor> inputs = List.of(floats("a", Shape.of(1), 1), floats("b", Shape.of(1), 2));
            long before = allocator().allocated();
            run(
                    instance,
                    inputs,
                    outputs -> assertThat(allocator().allocated() - before).isEqualTo(outputs.size()));
        });
    }

    /** Seen to fail when outputs are given back after exceptions only: the first of the two stays. */
    @Test
    void givesBackTheOutputsItHadWhenThereIsNoMemoryForTheNext() {
        AtomicInteger left = new AtomicInteger(Integer.MAX_VALUE);
        BufferAllocator scarce = bytes -> {
            if (left.getAndDecrement() == 0) {
                throw new OutOfMemoryError("planted");
            }
            return allocator().allocate(bytes);
        };
        try (Engine engine = provider().open(settings(settings().cacheDirectory(), scarce));
                TensorModel model = engine.load(spec(MODELS.resolve("named.pt")), Device.CPU);
                TensorInstance instance = model.newInstance()) {
            List<Tensor> inputs = List.of(floats("a", Shape.of(1), 1), floats("b", Shape.of(1), 2));
            left.set(1);
            assertThatThrownBy(() -> instance.run(inputs)).isInstanceOf(OutOfMemoryError.class);
            inputs.forEach(Tensor::release);
        }
        assertThat(allocator().outstanding()).isZero();
    }

    @Test
    void tellsTheModelsOwnWordsWhenItRaises() {
        with("raising.pt", instance -> {
            ServingException failure = failureOfRunning(instance, List.of(floats("x", Shape.of(1), 1)));
            assertThat(failure.code()).isEqualTo(ErrorCode.ENGINE_FAILED);
            assertThat(failure.safeMessage()).isEqualTo("The model failed: the weather is bad");
            run(
                    instance,
                    List.of(floats("x", Shape.of(1), -1)),
                    outputs -> assertThat(outputs).hasSize(1));
        });
    }

    @Test
    void namesTheExceptionThatSaysNothing() {
        with("silent.pt", instance -> {
            ServingException failure = failureOfRunning(instance, List.of(floats("x", Shape.of(1), 1)));
            assertThat(failure.safeMessage()).isEqualTo("The model failed: AssertionError");
        });
    }

    @Test
    void saysThatNativeCodeIsNone() throws IOException {
        Path library = scratch().resolve("model.pt");
        Files.write(library, new byte[] {0x7F, 'E', 'L', 'F', 2, 1, 1, 0, 0, 0, 0, 0});
        ServingException failure = failureOfLoading(spec(library));
        assertThat(failure.code()).isEqualTo(ErrorCode.INVALID_MODEL);
        assertThat(failure.safeMessage()).contains("is a native library, as AOTInductor compiles", "torch.jit.save");
    }

    @Test
    void blamesTheCallerForInputThatDoesNotFit() {
        with("transposed.pt", instance -> {
            ServingException rank = failureOfRunning(instance, List.of(floats("x", Shape.of(1, 1, 1), 1)));
            assertThat(rank.code()).isEqualTo(ErrorCode.INVALID_INPUT);
            assertThat(rank.safeMessage()).contains("3D");
            ServingException none = failureOfRunning(instance, List.of());
            assertThat(none.code()).isEqualTo(ErrorCode.INVALID_INPUT);
            assertThat(none.safeMessage()).contains("missing value for argument 'x'");
        });
    }

    /** Given the number of one of these, the binding would end the process. Seen to fail when BF16 is widened as INT16 is. */
    @Test
    void passesTypesTheBindingHasNoNumberForUnchanged() {
        Shape shape = Shape.of(2, 2);
        List<Tensor> inputs = List.of(
                TestTensors.shorts(allocator(), "int16", DataType.INT16, shape, 0, -1, 0x7FFF, 0x8000),
                TestTensors.shorts(allocator(), "bf16", DataType.BF16, shape, 0x3F80, 0xFF80, 0x0001, 0x7F7F),
                TestTensors.shorts(allocator(), "uint16", DataType.UINT16, shape, 0, 1, 0x8000, 0xFFFF),
                withType(DataType.UINT32, TestTensors.ints(allocator(), "uint32", shape, 0, 1, 1 << 31, -1)),
                withType(DataType.UINT64, TestTensors.longs(allocator(), "uint64", shape, 0, 1, 1L << 63, -1)));
        List<byte[]> expected =
                inputs.stream().map(input -> input.data().toByteArray()).toList();
        List<DataType> types = inputs.stream().map(Tensor::type).toList();
        with(
                "narrow.pt",
                instance -> run(instance, inputs, outputs -> {
                    for (int i = 0; i < expected.size(); i++) {
                        assertThat(outputs.get(i).type()).isEqualTo(types.get(i));
                        assertThat(outputs.get(i).data().toByteArray())
                                .as(types.get(i).name())
                                .isEqualTo(expected.get(i));
                    }
                    assertThat(TestTensors.longs(outputs.get(5))).containsExactly(2, 15, 27, 28, 29);
                }));
    }

    private static Tensor withType(DataType type, Tensor tensor) {
        return new Tensor(tensor.name(), type, tensor.shape(), tensor.data());
    }

    @Test
    void refusesTypesThatAreNoneOfOurs() {
        with("transposed.pt", instance -> {
            Tensor text = ByteElements.write("x", Shape.of(1), List.of(new byte[] {65}), allocator());
            ServingException failure = failureOfRunning(instance, List.of(text));
            assertThat(failure.code()).isEqualTo(ErrorCode.INVALID_INPUT);
            assertThat(failure.safeMessage()).startsWith("input 'x': BYTES (expected: one of BOOL, UINT8, ");
        });
        with("complex.pt", instance -> {
            ServingException failure = failureOfRunning(instance, List.of(floats("x", Shape.of(1), 1)));
            assertThat(failure.code()).isEqualTo(ErrorCode.ENGINE_FAILED);
            assertThat(failure.safeMessage()).contains("output 'output_0'", "expected: one of BOOL, ");
        });
    }

    /** Seen to fail when the declaration is not looked at. */
    @Test
    void passesAllTensorsInTheOneArgumentTheModuleDeclares() {
        with("listin.pt", instance -> {
            List<Tensor> many = new ArrayList<>();
            for (int i = 0; i < 40; i++) {
                many.add(floats("x", Shape.of(1), i == 39 ? 4 : 0));
            }
            run(
                    instance,
                    many,
                    outputs -> assertThat(TestTensors.floats(outputs.get(0))).containsExactly(4));
            run(
                    instance,
                    List.of(floats("x", Shape.of(1), 1), floats("x", Shape.of(1), 2)),
                    outputs -> assertThat(TestTensors.floats(outputs.get(0))).containsExactly(12));
            run(
                    instance,
                    List.of(),
                    outputs -> assertThat(TestTensors.floats(outputs.get(0))).containsExactly(0));
        });
        with(
                "dictin.pt",
                instance -> run(
                        instance,
                        List.of(floats("b", Shape.of(1), 2), floats("a", Shape.of(1), 7)),
                        outputs ->
                                assertThat(TestTensors.floats(outputs.get(0))).containsExactly(5)));
        with(
                "tuplein.pt",
                instance -> run(
                        instance,
                        List.of(floats("a", Shape.of(1), 7), floats("b", Shape.of(1), 2)),
                        outputs ->
                                assertThat(TestTensors.floats(outputs.get(0))).containsExactly(5)));
    }

    @Test
    void leavesOutArgumentsThatHaveDefaults() {
        with("optionalin.pt", instance -> {
            run(
                    instance,
                    List.of(floats("x", Shape.of(1), 5)),
                    outputs -> assertThat(TestTensors.floats(outputs.get(0))).containsExactly(10));
            run(
                    instance,
                    List.of(floats("x", Shape.of(1), 5), floats("y", Shape.of(1), 3)),
                    outputs -> assertThat(TestTensors.floats(outputs.get(0))).containsExactly(13));
        });
    }

    @Test
    void refusesAKeyThatIsThereTwiceAndOneTheModuleMisses() {
        with("dictin.pt", instance -> {
            ServingException twice =
                    failureOfRunning(instance, List.of(floats("a", Shape.of(1), 1), floats("a", Shape.of(1), 2)));
            assertThat(twice.code()).isEqualTo(ErrorCode.INVALID_INPUT);
            assertThat(twice.safeMessage()).startsWith("input 'a': there twice");
            ServingException missing = failureOfRunning(instance, List.of(floats("a", Shape.of(1), 1)));
            assertThat(missing.safeMessage()).contains("b");
        });
    }

    /** The operator's word goes before the module's declaration. */
    @ParameterizedTest
    @CsvSource({"positional, listin.pt", "list, transposed.pt", "dict, transposed.pt", "tuple, transposed.pt"})
    void passesTensorsAsTheOperatorSays(String style, String file) {
        try (TensorModel loaded = engine().load(withInputs(style, file), Device.CPU);
                TensorInstance instance = loaded.newInstance()) {
            ServingException failure = failureOfRunning(instance, List.of(floats("x", Shape.of(1), 1)));
            assertThat(failure.code()).isEqualTo(ErrorCode.INVALID_INPUT);
            assertThat(failure.safeMessage()).contains("Expected a value of type");
        }
    }

    @Test
    void refusesStylesThatAreNone() {
        ServingException failure = failureOfLoading(withInputs("keywords", "listin.pt"));
        assertThat(failure.code()).isEqualTo(ErrorCode.INVALID_MODEL);
        assertThat(failure.safeMessage())
                .isEqualTo("sluice.inputs: keywords (expected: one of positional, list, dict, tuple)");
    }

    private static ModelSpec withInputs(String style, String file) {
        return withOptions(MODELS.resolve(file), Map.of("sluice", Map.of("inputs", style)));
    }

    private static ModelSpec withOptions(Path file, Map<String, Object> options) {
        ModelSpec plain = spec(file);
        return new ModelSpec(
                plain.id(),
                plain.location(),
                plain.files(),
                plain.engine(),
                plain.handler(),
                plain.batching(),
                plain.instances(),
                plain.placement(),
                plain.limits(),
                options);
    }

    /** Seen to fail when what is not there takes no number: what followed it went by another name. */
    @Test
    void givesNumbersAsTensorsAndKeepsThePlaceOfWhatIsNotThere() {
        with(
                "mixed.pt",
                instance -> run(instance, List.of(floats("x", Shape.of(1), 5)), outputs -> {
                    assertThat(outputs)
                            .extracting(Tensor::name)
                            .containsExactly(
                                    "output_0",
                                    "output_1",
                                    "output_2",
                                    "output_3",
                                    "output_5",
                                    "output_6",
                                    "output_7",
                                    "output_8");
                    assertThat(outputs)
                            .extracting(Tensor::shape)
                            .containsExactly(
                                    Shape.of(1),
                                    Shape.of(),
                                    Shape.of(),
                                    Shape.of(),
                                    Shape.of(2),
                                    Shape.of(1),
                                    Shape.of(2),
                                    Shape.of(1));
                    assertThat(TestTensors.longs(outputs.get(1))).containsExactly(-3);
                    assertThat(TestTensors.doubles(outputs.get(2))).containsExactly(2.5);
                    assertThat(outputs.get(3).data().toByteArray()).containsExactly(1);
                    assertThat(TestTensors.longs(outputs.get(4))).containsExactly(1, 2);
                    assertThat(TestTensors.doubles(outputs.get(5))).containsExactly(0.5);
                    assertThat(outputs.get(6).data().toByteArray()).containsExactly(1, 0);
                    assertThat(TestTensors.floats(outputs.get(7))).containsExactly(6);
                }));
    }

    @Test
    void namesWhatDictionariesInListsHoldBehindTheirNumber() {
        with(
                "detections.pt",
                instance -> run(instance, List.of(floats("x", Shape.of(1), 5)), outputs -> {
                    assertThat(outputs)
                            .extracting(Tensor::name)
                            .containsExactly("output_1.boxes", "output_1.labels", "output_2.boxes");
                    assertThat(outputs)
                            .extracting(output -> TestTensors.floats(output)[0])
                            .containsExactly(5f, 6f, 7f);
                }));
        with(
                "deep.pt",
                instance -> run(
                        instance,
                        List.of(floats("x", Shape.of(1), 5)),
                        outputs -> assertThat(outputs)
                                .extracting(Tensor::name)
                                .containsExactly("levels.0.1", "levels.0.2", "levels.1.3")));
        with(
                "namedout.pt",
                instance -> run(
                        instance,
                        List.of(floats("x", Shape.of(1), 5)),
                        outputs ->
                                assertThat(outputs).extracting(Tensor::name).containsExactly("output_0", "output_1")));
    }

    /** Seen to fail when names are not compared: the buffers were fine, but a client could not tell the two apart. */
    @Test
    void refusesTwoOutputsByOneName() {
        with("clash.pt", instance -> {
            ServingException failure = failureOfRunning(instance, List.of(floats("x", Shape.of(1), 5)));
            assertThat(failure.code()).isEqualTo(ErrorCode.ENGINE_FAILED);
            assertThat(failure.safeMessage()).contains("'a.b.c'");
        });
    }

    /** Small answers go through the heap, large ones do not: both with numbers that do not lie in order. */
    @Test
    void ordersTheNumbersOfSparseAndOfLargeOutputs() {
        with(
                "sparse.pt",
                instance -> run(instance, List.of(floats("x", Shape.of(3), 0, 7, 0)), outputs -> {
                    assertThat(TestTensors.floats(outputs.get(0))).containsExactly(0, 7, 0);
                    float[] large = TestTensors.floats(outputs.get(1));
                    assertThat(outputs.get(1).shape()).isEqualTo(Shape.of(200, 100));
                    assertThat(large[1]).isEqualTo(200);
                    assertThat(large[100]).isEqualTo(1);
                }));
        with(
                "sparse.pt",
                instance -> run(
                        instance,
                        List.of(TestTensors.zeros(allocator(), "x", DataType.FP32, Shape.of(1000))),
                        outputs ->
                                assertThat(TestTensors.floats(outputs.get(0))).containsOnly(0)));
    }

    /** Seen to fail when the number is not set for the thread that calls. */
    @Test
    void computesOnAsManyThreadsAsTheModelAskedFor() throws Exception {
        ModelSpec plain = spec(MODELS.resolve("transposed.pt"));
        ModelSpec wide = new ModelSpec(
                plain.id(),
                plain.location(),
                plain.files(),
                plain.engine(),
                plain.handler(),
                plain.batching(),
                plain.instances(),
                new Placement(List.of(), OptionalInt.of(3)),
                plain.limits(),
                plain.options());
        AtomicReference<List<Integer>> widths = new AtomicReference<>(List.of());
        try (TensorModel narrowModel = engine().load(plain, Device.CPU);
                TensorModel wideModel = engine().load(wide, Device.CPU);
                TensorInstance narrow = narrowModel.newInstance();
                TensorInstance other = wideModel.newInstance()) {
            Thread thread = new Thread(() -> widths.set(List.of(widthAfter(other), widthAfter(narrow))));
            thread.start();
            thread.join();
            assertThat(widths.get()).containsExactly(3, 1);
            assertThat(widthAfter(narrow)).isEqualTo(1);
        }
    }

    private int widthAfter(TensorInstance instance) {
        run(
                instance,
                List.of(floats("x", Shape.of(1, 1), 1)),
                outputs -> assertThat(outputs).hasSize(1));
        return JniUtils.getNumThreads();
    }

    @Test
    void saysWhatKindOfValueCannotBeSent() {
        with("words.pt", instance -> {
            ServingException failure = failureOfRunning(instance, List.of(floats("x", Shape.of(1), 1)));
            assertThat(failure.code()).isEqualTo(ErrorCode.ENGINE_FAILED);
            assertThat(failure.safeMessage()).contains("type str", "expected: tensors");
        });
    }

    /** Seen to fail when the file is not looked into, all but the last two. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "weights.pth | is what torch.save writes",
                "old.pth | is what torch.save writes",
                "exported.pt2 | is a program saved by torch.export (expected: a file written by torch.jit.save)",
                "lite.ptl | is a PyTorch Mobile model with bytecode alone",
                "foreign.pt | uses the operator torchvision::nms",
                "noforward.pt | no method 'forward'"
            })
    void refusesFilesThatCannotBeCalled(String file, String reason) {
        ServingException failure = failureOfLoading(spec(MODELS.resolve(file)));
        assertThat(failure.code()).isEqualTo(ErrorCode.INVALID_MODEL);
        assertThat(failure.safeMessage()).contains(file, reason);
    }

    private void with(String model, Consumer<TensorInstance> test) {
        try (TensorModel loaded = engine().load(spec(MODELS.resolve(model)), Device.CPU);
                TensorInstance instance = loaded.newInstance()) {
            test.accept(instance);
        }
    }

    private Tensor floats(String name, Shape shape, float... values) {
        return TestTensors.floats(allocator(), name, shape, values);
    }
}
