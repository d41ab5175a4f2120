// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.onnxruntime;

import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtLoggingLevel;
import ai.onnxruntime.OrtSession;
import dev.sluice.engine.Engine;
import dev.sluice.engine.EngineInfo;
import dev.sluice.engine.EngineSettings;
import dev.sluice.engine.SerializedFile;
import dev.sluice.engine.TensorModel;
import dev.sluice.model.Device;
import dev.sluice.model.ModelSpec;
import java.nio.file.Path;

/**
 * ONNX Runtime, loaded.
 *
 * <p><b>Threads:</b> safe from any thread.
 */
final class OnnxEngine implements Engine {
    private final OrtEnvironment environment;
    private final EngineSettings settings;
    private final EngineInfo info;

    OnnxEngine(OrtEnvironment environment, EngineSettings settings) {
        this.environment = environment;
        this.settings = settings;
        this.info = GraphicsCards.find(environment, settings.nativeDirectory());
    }

    @Override
    public EngineInfo info() {
        return info;
    }

    /**
     * Reads the model by its path and not as bytes, so that weights kept in files of their own are found. The runtime itself
     * refuses such a file outside the model's directory, by real path (operations.md section 5, CVE-2024-27318); a test keeps
     * that so.
     */
    @Override
    public TensorModel load(ModelSpec spec, Device device) {
        Path file = SerializedFile.locate(spec);
        try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
            configure(options, settings.threads(spec.placement()));
            if (device.kind() == Device.Kind.CUDA) {
                options.addCUDA(device.index());
            }
            OrtSession session = environment.createSession(file.toString(), options);
            return OnnxModel.of(environment, session, settings.allocator(), device);
        } catch (OrtException e) {
            throw OnnxErrors.whileLoading(String.valueOf(file.getFileName()), e);
        }
    }

    private static void configure(OrtSession.SessionOptions options, int threads) throws OrtException {
        options.setIntraOpNumThreads(threads);
        options.setInterOpNumThreads(1);
        // Idle workers that spin take the cores from the calls that run (engines.md section 3.4).
        options.addConfigEntry("session.intra_op.allow_spinning", "0");
        // Below this level it prints a line per refused input, which clients could fill a disk with; exceptions say the
        // same.
        options.setSessionLogLevel(OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL);
    }

    /** The environment lives as long as the process: the runtime allows one, and frees it at exit. */
    @Override
    public void close() {}
}
