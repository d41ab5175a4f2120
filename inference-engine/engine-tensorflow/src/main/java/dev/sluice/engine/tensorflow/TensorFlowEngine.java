// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.tensorflow;

import dev.sluice.engine.Engine;
import dev.sluice.engine.EngineInfo;
import dev.sluice.engine.EngineSettings;
import dev.sluice.engine.TensorModel;
import dev.sluice.model.Device;
import dev.sluice.model.ModelSpec;

/**
 * TensorFlow, loaded.
 *
 * <p><b>Threads:</b> safe from any thread.
 */
final class TensorFlowEngine implements Engine {
    private final String version;
    private final EngineSettings settings;

    TensorFlowEngine(String version, EngineSettings settings) {
        this.version = version;
        this.settings = settings;
    }

    @Override
    public EngineInfo info() {
        return EngineInfo.ofProcessors(TensorFlowProvider.ID, version);
    }

    @Override
    public TensorModel load(ModelSpec spec, Device device) {
        ModelFolder folder = ModelFolder.of(spec);
        return new TensorFlowModel(
                LoadedGraph.load(folder, settings.threads(spec.placement()), spec), settings.allocator());
    }

    /** Nothing is kept but the libraries, which stay until the process ends. */
    @Override
    public void close() {}
}
