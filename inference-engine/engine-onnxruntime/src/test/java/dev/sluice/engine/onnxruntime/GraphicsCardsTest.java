// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.onnxruntime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.data.Offset.offset;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.sluice.engine.EngineProvider;
import dev.sluice.engine.EngineSettings;
import dev.sluice.engine.TensorInstance;
import dev.sluice.engine.TensorModel;
import dev.sluice.engine.testing.EngineHarness;
import dev.sluice.engine.testing.TestTensors;
import dev.sluice.model.Device;
import dev.sluice.tensor.BufferAllocator;
import dev.sluice.tensor.Shape;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

class GraphicsCardsTest extends EngineHarness {
    @Override
    protected EngineProvider provider() {
        return new OnnxRuntimeProvider();
    }

    @Override
    protected EngineSettings settings(Path cacheDirectory, BufferAllocator allocator) {
        return TestSettings.of(cacheDirectory, allocator);
    }

    @Test
    void saysWhatItFound() {
        assertThat(engine().info().devices()).contains(Device.CPU);
        assertThat(engine().info().acceleration()).startsWith("built for ");
        if (engine().info().devices().size() == 1) {
            assertThat(engine().info().acceleration()).isEqualTo("built for processors only");
        }
    }

    /** The message is the one that the GPU build 1.28.0 gave on a machine without CUDA. */
    @Test
    void namesTheLibraryThatTheLoaderMisses() {
        assertThat(GraphicsCards.missingLibrary(
                        "/opt/native/libonnxruntime_providers_cuda.so: libcublasLt.so.12: cannot open shared object"
                                + " file: No such file or directory"))
                .isEqualTo("libcublasLt.so.12 is missing (expected: CUDA 12 and cuDNN 9 where the system looks for"
                        + " libraries)");
        assertThat(GraphicsCards.missingLibrary("wrong ELF class: /opt/native/x"))
                .contains("does not load")
                .doesNotContain("/opt");
    }

    @Test
    @Tag("gpu")
    void runsOnACard() {
        boolean found = engine().info().devices().contains(Device.cuda(0));
        if (!found) {
            System.out.println(
                    "SKIPPED runsOnACard: ONNX Runtime is " + engine().info().acceleration());
        }
        assumeTrue(found, engine().info().acceleration());
        Path mlp = Path.of("src", "test", "models", "mlp.onnx");
        try (TensorModel onCard = engine().load(spec(mlp), Device.cuda(0));
                TensorModel onProcessors = engine().load(spec(mlp), Device.CPU)) {
            assertThat(onCard.isComputeOnly()).isFalse();
            float[] expected = ones(onProcessors);
            float[] actual = ones(onCard);
            for (int i = 0; i < expected.length; i++) {
                assertThat((double) actual[i]).isCloseTo(expected[i], offset(1e-3 * Math.abs(expected[i]) + 1e-4));
            }
        }
    }

    private float[] ones(TensorModel model) {
        float[] values = new float[64];
        Arrays.fill(values, 1);
        float[][] answer = new float[1][];
        try (TensorInstance instance = model.newInstance()) {
            run(
                    instance,
                    List.of(TestTensors.floats(allocator(), "x", Shape.of(1, 64), values)),
                    outputs -> answer[0] = TestTensors.floats(outputs.get(0)));
        }
        return answer[0];
    }
}
