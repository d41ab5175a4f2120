// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.djl.generic;

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
import dev.sluice.tensor.BufferAllocator;
import dev.sluice.tensor.DataType;
import dev.sluice.tensor.Shape;
import dev.sluice.tensor.Tensor;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DjlTest extends EngineHarness {
    private static final Path SMALL = Path.of(System.getProperty("sluice.test.models"), "small");

    @Override
    protected EngineProvider provider() {
        return new DjlProvider();
    }

    @Override
    protected EngineSettings settings(Path cacheDirectory, BufferAllocator allocator) {
        return TestSettings.of(cacheDirectory, allocator);
    }

    @Test
    void isFoundAsAService() {
        assertThat(ServiceLoader.load(EngineProvider.class))
                .extracting(EngineProvider::id)
                .containsExactly("djl");
    }

    @Test
    void runsModelsOfTheEngineTheyName() {
        ModelSpec spec = withDjl(
                "accumulate.onnx",
                Map.of(
                        "engine", "OnnxRuntime",
                        "options", Map.of("optLevel", "BASIC_OPT", "intraOpNumThreads", 1),
                        "arguments", Map.of("anything", true)));
        try (TensorModel model = engine().load(spec, Device.CPU);
                TensorInstance instance = model.newInstance()) {
            run(instance, List.of(floats("ignored", 1, 2), floats("", 10, 20)), outputs -> {
                assertThat(outputs).extracting(Tensor::name).containsExactly("total", "next_state");
                assertThat(TestTensors.floats(outputs.get(0))).containsExactly(11, 22);
            });
            ServingException few = failureOfRunning(instance, List.of(floats("x", 1, 2)));
            assertThat(few.code()).isEqualTo(ErrorCode.INVALID_INPUT);
            assertThat(few.safeMessage()).isEqualTo("inputs: 1 (expected: 2, ['x', 'state'])");
        }
    }

    @Test
    void findsFilesByTheNameDjlGivesThem() {
        ModelSpec spec = withDjl("double.onnx", Map.of("modelName", "double"));
        try (TensorModel model = engine().load(spec, Device.CPU)) {
            assertThat(model.signature().isDeclared()).isFalse();
        }
    }

    @Test
    void namesTheEnginesThereAreWhenTheNamedOneIsNot() {
        ServingException failure = failureOfLoading(withDjl("double.onnx", Map.of("engine", "MXNet")));
        assertThat(failure.code()).isEqualTo(ErrorCode.INVALID_MODEL);
        assertThat(failure.safeMessage())
                .isEqualTo(
                        "sluice.djl.engine: MXNet (expected: one of OnnxRuntime, whose jars are in the engine pack 'djl')");
    }

    /**
     * What comes in an archive may not have an engine load a library or write a file. Seen to fail when keys are not looked at: ONNX
     * Runtime looked for the library.
     */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "customOpLibrary | evil | names a file",
                "profilerOutput | trace | names a file",
                "optLevel | ../../x | a number, true, false or a word",
                "optLevel | /etc/passwd | a number, true, false or a word"
            })
    void refusesOptionsThatNameFiles(String key, String value, String reason) {
        ServingException failure = failureOfLoading(withDjl("double.onnx", Map.of("options", Map.of(key, value))));
        assertThat(failure.code()).isEqualTo(ErrorCode.INVALID_MODEL);
        assertThat(failure.safeMessage())
                .startsWith("sluice.djl.options." + key)
                .contains(reason);
    }

    /** Seen to fail when names may hold anything: the model was read from the folder above. */
    @ParameterizedTest
    @CsvSource({"engine, ../x", "modelName, ../double", "modelName, ..", "colour, blue", "options, fast"})
    void refusesSettingsThatMakeNoSense(String key, String value) {
        ServingException failure = failureOfLoading(withDjl("double.onnx", Map.of(key, value)));
        assertThat(failure.code()).isEqualTo(ErrorCode.INVALID_MODEL);
        assertThat(failure.safeMessage()).startsWith("sluice.djl." + key + ": ").contains("expected: ");
    }

    @Test
    void saysWhatTheEngineSaysOfOptionsItDoesNotLike() {
        ServingException failure =
                failureOfLoading(withDjl("double.onnx", Map.of("options", Map.of("optLevel", "FASTEST"))));
        assertThat(failure.code()).isEqualTo(ErrorCode.INVALID_MODEL);
        assertThat(failure.safeMessage()).contains("OnnxRuntime", "FASTEST");
    }

    @Test
    void refusesTypesTheEngineHasNoArraysOf() {
        try (TensorModel model = engine().load(withDjl("double.onnx", Map.of()), Device.CPU);
                TensorInstance instance = model.newInstance()) {
            ServingException failure = failureOfRunning(
                    instance, List.of(TestTensors.zeros(allocator(), "x", DataType.UINT32, Shape.of(1, 2))));
            assertThat(failure.code()).isEqualTo(ErrorCode.INVALID_INPUT);
            assertThat(failure.safeMessage()).startsWith("input 'x': UINT32 [1, 2] (expected: ");
        }
    }

    private Tensor floats(String name, float... values) {
        return TestTensors.floats(allocator(), name, Shape.of(1, values.length), values);
    }

    private static ModelSpec withDjl(String file, Map<String, Object> block) {
        ModelSpec plain = spec(SMALL.resolve(file));
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
                Map.of("sluice", Map.of("djl", block)));
    }
}
