// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.tflite;

import dev.sluice.engine.Engine;
import dev.sluice.engine.EngineInfo;
import dev.sluice.engine.EngineSettings;
import dev.sluice.engine.SerializedFile;
import dev.sluice.engine.TensorModel;
import dev.sluice.model.Device;
import dev.sluice.model.ModelSpec;
import java.nio.file.Path;

/**
 * TF Lite, loaded.
 *
 * <p><b>Threads:</b> safe from any thread.
 */
final class TfLiteEngine implements Engine {
    private final String version;
    private final EngineSettings settings;

    TfLiteEngine(String version, EngineSettings settings) {
        this.version = version;
        this.settings = settings;
    }

    @Override
    public EngineInfo info() {
        return EngineInfo.ofProcessors(TfLiteProvider.ID, version);
    }

    @Override
    public TensorModel load(ModelSpec spec, Device device) {
        Path file = SerializedFile.locate(spec);
        FlatModel flat = FlatModel.read(file, settings.threads(spec.placement()));
        try {
            return new TfLiteModel(flat, DeclaredTensors.of(flat, spec), settings.allocator());
        } catch (RuntimeException | Error e) {
            flat.close();
            throw e;
        }
    }

    /** Nothing is kept but the libraries, which stay until the process ends. */
    @Override
    public void close() {}
}
