// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.djl;

import ai.djl.engine.EngineException;
import ai.djl.pytorch.engine.PtEngineProvider;
import dev.sluice.engine.Engine;
import dev.sluice.engine.EngineDescription;
import dev.sluice.engine.EngineProvider;
import dev.sluice.engine.EngineSettings;
import dev.sluice.engine.EngineTrial;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.tensor.Shape;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Opens libtorch.
 *
 * <p>DJL takes its settings from system properties and the environment alone, and reads them when its first class is
 * initialised, so this is the place that sets them. Where the environment has a variable of the same name, DJL lets that win.
 * Source: spec/engines.md sections 3.2 and 3.7.
 */
public final class PyTorchProvider implements EngineProvider {
    /** What operators call it. */
    static final String ID = "pytorch";

    private static final List<String> LIBRARIES = List.of("c10", "torch_cpu", "torch", "djl_torch");

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
        return Set.of(".pt", ".pth", ".ptl");
    }

    @Override
    public EngineDescription description() {
        return new EngineDescription(
                "PyTorch",
                "2.7.1",
                "BSD-3-Clause",
                List.of(
                        "TorchScript, scripted or traced (.pt, .pth)",
                        "PyTorch Mobile, where the file carries TorchScript too, as files by _save_for_lite_interpreter do (.ptl)"),
                "instances share the weights and run at once; each call computes on its model's number of threads",
                List.of("cpu", "cuda:n, where the pack holds a CUDA build of libtorch (not tried on a card)"),
                List.of(
                        "weights without code (torch.save)",
                        "programs by torch.export and AOTInductor (.pt2, .so)",
                        "texts as inputs or outputs, complex and quantized outputs",
                        "arguments by name, and arguments that are no tensors"));
    }

    @Override
    public Optional<EngineTrial> trial() {
        return Optional.of(new EngineTrial(
                "/dev/sluice/engine/djl/double.pt", Shape.of(1, 3), List.of(1f, 2f, 3f), List.of(2f, 4f, 6f)));
    }

    @Override
    public Engine open(EngineSettings settings) {
        settings.requireLibraries(ID, LIBRARIES);
        boolean builtForCards = TorchDevices.isBuiltForCards(settings.nativeDirectory());
        properties(settings).forEach(System::setProperty);
        Thread thread = Thread.currentThread();
        ClassLoader before = thread.getContextClassLoader();
        // DJL finds its engines and its version through the context class loader, which knows nothing of an engine
        // pack.
        thread.setContextClassLoader(PyTorchProvider.class.getClassLoader());
        try {
            ai.djl.engine.Engine djl = new PtEngineProvider().getEngine();
            ExtraLibraries.load(settings.nativeDirectory());
            return new TorchEngine(djl, settings, TorchDevices.find(djl, builtForCards));
        } catch (EngineException | LinkageError e) {
            throw new ServingException(
                    ErrorCode.LOAD_FAILED,
                    "PyTorch's native libraries do not load (expected: the engine pack built for this system and processor;"
                            + " install that one)",
                    e);
        } finally {
            thread.setContextClassLoader(before);
        }
    }

    /** DJL's settings for a server: no network, no file outside the cache directory, no threads nobody asked for. */
    static Map<String, String> properties(EngineSettings settings) {
        String cache = settings.cacheDirectory().toAbsolutePath().toString();
        Map<String, String> properties = new LinkedHashMap<>();
        settings.nativeDirectory()
                .ifPresent(directory -> properties.put(
                        // Named so, libtorch is used as it lies there: no version check, no unpacking, no reason to
                        // download.
                        "PYTORCH_LIBRARY_PATH", directory.toAbsolutePath().toString()));
        // DJL loads what belongs to CUDA only in a flavour whose name has "cu" in it.
        properties.put("PYTORCH_FLAVOR", TorchDevices.isBuiltForCards(settings.nativeDirectory()) ? "cu" : "cpu");
        properties.put("ai.djl.offline", "true");
        properties.put("OPT_OUT_TRACKING", "true");
        properties.put("DJL_CACHE_DIR", cache);
        properties.put("ENGINE_CACHE_DIR", cache);
        // JNA, by which DJL looks for CUDA, unpacks its library into the home directory otherwise.
        properties.put("jna.tmpdir", cache);
        properties.put("ai.djl.pytorch.num_threads", Integer.toString(settings.intraOpThreads()));
        properties.put("ai.djl.pytorch.num_interop_threads", "1");
        properties.put(
                "ai.djl.pytorch.graph_optimizer", "false"); // set by thread in TorchThreads; this is for DJL's log
        return properties;
    }
}
