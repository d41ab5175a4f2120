// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.djl.generic;

import dev.sluice.engine.Engine;
import dev.sluice.engine.EngineDescription;
import dev.sluice.engine.EngineProvider;
import dev.sluice.engine.EngineSettings;
import dev.sluice.engine.EngineTrial;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * Opens DJL, with the engines whose jars lie beside this class's.
 *
 * <p>DJL takes its settings from system properties and the environment alone, and reads them when its first class is initialised, so this
 * is the place that sets them. Where the environment has a variable of the same name, DJL lets that win. Source: spec/engines.md section
 * 3.7.
 */
public final class DjlProvider implements EngineProvider {
    /** What operators call it. */
    static final String ID = "djl";

    /** The engine in DJL's own jar that runs nothing and asks a server whose address a model names. */
    private static final String REMOTE = "RPC";

    @Override
    public String id() {
        return ID;
    }

    @Override
    public int spiVersion() {
        return SPI_VERSION;
    }

    /** None: which engine reads a file is for the operator to say. */
    @Override
    public Set<String> fileSuffixes() {
        return Set.of();
    }

    @Override
    public EngineDescription description() {
        return new EngineDescription(
                "Deep Java Library",
                "0.35.1",
                "Apache-2.0",
                List.of(
                        "what an engine of DJL reads from one file, the engine's jars added to the pack by the operator and the engine named"
                                + " by the model; tried with DJL's OnnxRuntime engine"),
                "instances share the model, each has a predictor of its own; threads of a call are the engine's, where it knows the option"
                        + " intraOpNumThreads or one of DJL's properties",
                List.of("cpu"),
                List.of(
                        "signatures: DJL does not tell types",
                        "graphics cards",
                        "texts as inputs or outputs",
                        "models that are folders",
                        "translators and the model zoo"));
    }

    /** For the one engine that is tried: a pack with others has to be tried with models of theirs. */
    @Override
    public Optional<EngineTrial> trial() {
        return Optional.empty();
    }

    @Override
    public Engine open(EngineSettings settings) {
        properties(settings).forEach(System::setProperty);
        try {
            Set<String> engines = new TreeSet<>(PackLoader.call(ai.djl.engine.Engine::getAllEngines));
            engines.remove(REMOTE);
            if (engines.isEmpty()) {
                throw new ServingException(
                        ErrorCode.LOAD_FAILED,
                        "No engine of DJL is there (expected: the jars of one, in the folder 'lib' of the engine pack 'djl')");
            }
            return new DjlEngine(engines, settings);
        } catch (LinkageError e) {
            throw new ServingException(
                    ErrorCode.LOAD_FAILED,
                    "DJL does not start (expected: jars of engines of its release "
                            + description().version() + ")",
                    e);
        }
    }

    /** DJL's settings for a server: no network, no file outside the cache directory, no threads nobody asked for. */
    static Map<String, String> properties(EngineSettings settings) {
        String cache = settings.cacheDirectory().toAbsolutePath().toString();
        String threads = Integer.toString(settings.intraOpThreads());
        Map<String, String> properties = new LinkedHashMap<>();
        properties.put("ai.djl.offline", "true");
        properties.put("OPT_OUT_TRACKING", "true");
        properties.put("DJL_CACHE_DIR", cache);
        properties.put("ENGINE_CACHE_DIR", cache);
        // JNA, by which DJL looks for CUDA, unpacks its library into the home directory otherwise.
        properties.put("jna.tmpdir", cache);
        // A second engine beside ONNX Runtime for arithmetic on arrays, which nobody does here.
        properties.put("ai.djl.onnx.disable_alternative", "true");
        for (String engine : List.of("onnxruntime", "pytorch")) {
            properties.put("ai.djl." + engine + ".num_threads", threads);
            properties.put("ai.djl." + engine + ".num_interop_threads", "1");
        }
        return properties;
    }
}
