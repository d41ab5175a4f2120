// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.onnxruntime;

import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtLoggingLevel;
import dev.sluice.engine.Engine;
import dev.sluice.engine.EngineDescription;
import dev.sluice.engine.EngineProvider;
import dev.sluice.engine.EngineSettings;
import dev.sluice.engine.EngineTrial;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.tensor.Shape;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Opens ONNX Runtime.
 *
 * <p>Release 1.28.0 sends no telemetry; 1.29.0 does unless the process was started with {@code ORT_DISABLE_TELEMETRY=1},
 * which the launcher exports and no code of the process itself could set in time. Source: spec/engines.md section 3.4.
 */
public final class OnnxRuntimeProvider implements EngineProvider {
    /** What operators call it. */
    static final String ID = "onnxruntime";

    private static final String NATIVE_PATH = "onnxruntime.native.path";
    private static final List<String> LIBRARIES = List.of("onnxruntime", "onnxruntime4j_jni");

    @Override
    public String id() {
        return ID;
    }

    @Override
    public int spiVersion() {
        return SPI_VERSION;
    }

    @Override
    public Set<String> fileSuffixes() {
        return Set.of(".onnx");
    }

    @Override
    public EngineDescription description() {
        return new EngineDescription(
                "ONNX Runtime",
                "1.28.0",
                "MIT",
                List.of("ONNX (.onnx), with weights in files beside it; scikit-learn pipelines converted to it"),
                "instances share the weights and run at once",
                List.of("cpu", "cuda:n with the GPU build of the runtime, CUDA 12 and cuDNN 9"),
                List.of(
                        "inputs that are sequences, maps or optional; outputs that are, but for the maps from class to number of scikit-learn classifiers",
                        "8-bit floats, 4-bit integers and complex numbers as inputs or outputs",
                        "texts in outputs with zero bytes or characters beyond U+FFFF: the call fails",
                        "operators from libraries of their own, onnxruntime-extensions among them"));
    }

    @Override
    public Optional<EngineTrial> trial() {
        return Optional.of(new EngineTrial(
                "/dev/sluice/engine/onnxruntime/double.onnx",
                Shape.of(1, 3),
                List.of(1f, 2f, 3f),
                List.of(2f, 4f, 6f)));
    }

    @Override
    public Engine open(EngineSettings settings) {
        settings.requireLibraries(ID, LIBRARIES);
        settings.nativeDirectory().ifPresent(OnnxRuntimeProvider::useLibrariesIn);
        try {
            OrtEnvironment environment =
                    OrtEnvironment.getEnvironment(OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL, "sluice");
            return new OnnxEngine(environment, settings);
        } catch (LinkageError e) {
            // Thrown by the static initialiser of the first class touched, which is where the libraries are loaded.
            throw new ServingException(
                    ErrorCode.LOAD_FAILED,
                    "ONNX Runtime's native libraries do not load (expected: the engine pack built for this system and"
                            + " processor; install that one)",
                    e);
        }
    }

    /**
     * Makes the binding load the libraries from {@code directory}. It reads the place from a system property alone, once, when
     * its first class is initialised; without it, it unpacks 27 MB into a temporary directory at each start.
     */
    private static void useLibrariesIn(Path directory) {
        System.setProperty(NATIVE_PATH, directory.toAbsolutePath().toString());
    }
}
