// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.onnxruntime;

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
import dev.sluice.tensor.BufferAllocator;
import dev.sluice.tensor.ByteElements;
import dev.sluice.tensor.DataBuffer;
import dev.sluice.tensor.DataType;
import dev.sluice.tensor.Shape;
import dev.sluice.tensor.Tensor;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

class TextTest extends EngineHarness {
    private static final Path MODELS = Path.of("src", "test", "models");
    private static final String GRIN = "\uD83D\uDE00";

    @Override
    protected EngineProvider provider() {
        return new OnnxRuntimeProvider();
    }

    @Override
    protected EngineSettings settings(Path cacheDirectory, BufferAllocator allocator) {
        return TestSettings.of(cacheDirectory, allocator);
    }

    @Test
    void passesTextsUnchanged() {
        with("strings", instance -> {
            for (List<String> texts : List.of(
                    List.of("plain"),
                    List.of("", "é", "日本", "ends with \u00F3", "\u00F0\u009F\u0098"),
                    List.<String>of())) {
                assertThat(echo(instance, Shape.of(texts.size()), texts)).isEqualTo(texts);
            }
        });
    }

    @Test
    void passesAScalar() {
        with(
                "textscalar",
                instance ->
                        assertThat(echo(instance, Shape.of(), List.of("one"))).containsExactly("one"));
    }

    /**
     * JNI's own encoding would turn the first of each pair into other bytes, which the table of the model does not have. Seen
     * to fail when {@code TextInput} passes all texts as strings.
     */
    @Test
    void passesEveryByteOfTextsThatJniWouldChange() {
        with("textcodes", instance -> {
            byte[][] odd = {
                (GRIN + "x").getBytes(StandardCharsets.UTF_8),
                {'a', 0, 'b'},
                {(byte) 0xFF, (byte) 0xFE},
                "plain".getBytes(StandardCharsets.UTF_8),
                "unknown".getBytes(StandardCharsets.UTF_8)
            };
            long[] codes = {1, 2, 3, 4, -1};
            for (int i = 0; i < odd.length; i++) {
                long code = codes[i];
                run(
                        instance,
                        List.of(ByteElements.write("x", Shape.of(1), List.of(odd[i]), allocator())),
                        outputs -> assertThat(TestTensors.longs(outputs.get(0))).containsExactly(code));
            }
            run(
                    instance,
                    List.of(ByteElements.write("x", Shape.of(odd.length), Arrays.asList(odd), allocator())),
                    outputs -> assertThat(TestTensors.longs(outputs.get(0))).containsExactly(codes));
        });
    }

    /** Seen to fail when {@code TextOutput} takes what it read on trust: the text comes back as two other characters. */
    @Test
    void failsRatherThanAnswerWithOtherTexts() {
        with("strings", instance -> {
            for (String text : List.of(GRIN, "x" + GRIN + "y", "a\0b")) {
                ServingException failure = failureOfRunning(instance, List.of(texts(Shape.of(2), List.of("a", text))));
                assertThat(failure.code()).isEqualTo(ErrorCode.ENGINE_FAILED);
                assertThat(failure.safeMessage()).contains("output 'y': element 1", "U+FFFF");
            }
            assertThat(echo(instance, Shape.of(1), List.of("still works"))).containsExactly("still works");
        });
    }

    @Test
    void refusesBytesThatAreNoTexts() {
        with("strings", instance -> {
            DataBuffer data = allocator().allocate(6);
            for (int i = 0; i < 6; i++) {
                data.view().put(i, (byte) 9);
            }
            ServingException failure =
                    failureOfRunning(instance, List.of(new Tensor("x", DataType.BYTES, Shape.of(1), data)));
            assertThat(failure.code()).isEqualTo(ErrorCode.INVALID_INPUT);
            assertThat(failure.safeMessage()).contains("'x'", "expected: 1 texts");
        });
    }

    private List<String> echo(TensorInstance instance, Shape shape, List<String> texts) {
        List<String> answers = new ArrayList<>();
        run(instance, List.of(texts(shape, texts)), outputs -> {
            assertThat(outputs.get(0).shape()).isEqualTo(shape);
            assertThat(outputs.get(0).type()).isEqualTo(DataType.BYTES);
            ByteElements.read(outputs.get(0)).forEach(one -> answers.add(new String(one, StandardCharsets.UTF_8)));
        });
        return answers;
    }

    private Tensor texts(Shape shape, List<String> texts) {
        return ByteElements.write(
                "x",
                shape,
                texts.stream()
                        .map(text -> text.getBytes(StandardCharsets.UTF_8))
                        .toList(),
                allocator());
    }

    private void with(String model, Consumer<TensorInstance> test) {
        try (TensorModel loaded = engine().load(spec(MODELS.resolve(model + ".onnx")), Device.CPU);
                TensorInstance instance = loaded.newInstance()) {
            test.accept(instance);
        }
    }
}
