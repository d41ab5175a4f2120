// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.djl;

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
import dev.sluice.model.Device;
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
    private final TorchDevices devices;
    private final TorchCasts casts;
    private final TorchThreads threads = new TorchThreads();

    /** The manager of what all models share lives as long as the process, as libtorch does. */
    TorchEngine(ai.djl.engine.Engine djl, EngineSettings settings, TorchDevices devices) {
        this.djl = djl;
        this.settings = settings;
        this.devices = devices;
        this.casts = TorchCasts.load((PtNDManager) djl.newBaseManager(ai.djl.Device.cpu()));
    }

    /** The version is the one DJL was built for: its binding has no call that asks libtorch. */
    @Override
    public EngineInfo info() {
        return new EngineInfo(PyTorchProvider.ID, djl.getVersion(), devices.found(), devices.acceleration());
    }

    TorchCasts casts() {
        return casts;
    }

    TorchThreads threads() {
        return threads;
    }

    @Override
    public TensorModel load(ModelSpec spec, Device device) {
        Path file = SerializedFile.locate(spec);
        boolean onProcessors = device.kind() == Device.Kind.CPU;
        PtNDManager manager = (PtNDManager)
                djl.newBaseManager(onProcessors ? ai.djl.Device.cpu() : ai.djl.Device.gpu(device.index()));
        try {
            long module = read(manager, file);
            InputStyle style = InputStyle.of(spec.options(), ForwardDeclaration.of(module));
            TorchInputs inputs =
                    new TorchInputs(style, device, TorchFile.mayWriteIntoArguments(file), casts, settings.allocator());
            int width = settings.threads(spec.placement());
            return new TorchModel(manager, module, inputs, this, width, settings.allocator());
        } catch (EngineException e) {
            manager.close();
            throw TorchErrors.whileLoading(file, e);
        } catch (RuntimeException | Error e) {
            manager.close();
            throw e;
        }
    }

    private static long read(PtNDManager manager, Path file) {
        boolean mapLocation = true; // a module saved on a GPU is to run here
        boolean trainable = false;
        PtSymbolBlock module =
                JniUtils.loadModule(manager, file, mapLocation, NO_EXTRA_FILES, NO_EXTRA_FILES, trainable);
        if (!Arrays.asList(JniUtils.getMethodNames(module)).contains("forward")) {
            throw new ServingException(
                    ErrorCode.INVALID_MODEL,
                    file.getFileName() + " has no method 'forward' (expected: a module that can be called)");
        }
        return module.getHandle();
    }

    /** libtorch can be loaded once per process and never unloaded. */
    @Override
    public void close() {}
}
