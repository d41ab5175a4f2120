// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.djl;

import ai.djl.Device;
import ai.djl.engine.EngineException;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.engine.PtSymbolBlock;
import ai.djl.pytorch.jni.JniUtils;
import dev.sluice.engine.Engine;
import dev.sluice.engine.EngineInfo;
import dev.sluice.engine.EngineSettings;
import dev.sluice.engine.SerializedFile;
import dev.sluice.engine.TensorModel;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.model.ModelSpec;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * libtorch, loaded.
 *
 * <p><b>Threads:</b> safe from any thread.
 */
final class TorchEngine implements Engine {
    private static final String[] NO_EXTRA_FILES = {};

    private final ai.djl.engine.Engine djl;
    private final EngineSettings settings;

    TorchEngine(ai.djl.engine.Engine djl, EngineSettings settings) {
        this.djl = djl;
        this.settings = settings;
    }

    /** The version is the one DJL was built for: its binding has no call that asks libtorch. */
    @Override
    public EngineInfo info() {
        return EngineInfo.ofProcessors(PyTorchProvider.ID, djl.getVersion());
    }

    @Override
    public TensorModel load(ModelSpec spec, dev.sluice.model.Device device) {
        Path file = SerializedFile.locate(spec);
        String name = String.valueOf(file.getFileName());
        PtNDManager manager = (PtNDManager) djl.newBaseManager(Device.cpu());
        try {
            PtSymbolBlock module = read(manager, file);
            if (!Arrays.asList(JniUtils.getMethodNames(module)).contains("forward")) {
                throw new ServingException(
                        ErrorCode.INVALID_MODEL,
                        name + " has no method 'forward' (expected: a module that can be called)");
            }
            return new TorchModel(manager, module, settings.allocator());
        } catch (EngineException e) {
            manager.close();
            throw TorchErrors.whileLoading(name, e);
        } catch (RuntimeException | Error e) {
            manager.close();
            throw e;
        }
    }

    private static PtSymbolBlock read(PtNDManager manager, Path file) {
        boolean mapLocation = true; // a module saved on a GPU is to run here
        boolean trainable = false;
        return JniUtils.loadModule(manager, file, mapLocation, NO_EXTRA_FILES, NO_EXTRA_FILES, trainable);
    }

    /** libtorch can be loaded once per process and never unloaded. */
    @Override
    public void close() {}
}
