// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.djl.generic;

import ai.djl.MalformedModelException;
import ai.djl.Model;
import dev.sluice.engine.Engine;
import dev.sluice.engine.EngineInfo;
import dev.sluice.engine.EngineSettings;
import dev.sluice.engine.NativeMessage;
import dev.sluice.engine.SerializedFile;
import dev.sluice.engine.TensorModel;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.model.Device;
import dev.sluice.model.ModelSpec;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * DJL with the engines it found, each of which is loaded when the first model names it.
 *
 * <p><b>Threads:</b> safe from any thread.
 */
final class DjlEngine implements Engine {
    private final Set<String> names;
    private final EngineSettings settings;

    DjlEngine(Set<String> names, EngineSettings settings) {
        this.names = Set.copyOf(names);
        this.settings = settings;
    }

    /** The version is DJL's own: its engines are loaded later, and what they say of theirs is a constant. */
    @Override
    public EngineInfo info() {
        return new EngineInfo(
                DjlProvider.ID,
                String.valueOf(ai.djl.engine.Engine.getDjlVersion()),
                List.of(Device.CPU),
                "DJL's engines " + new TreeSet<>(names) + " on processors");
    }

    @Override
    public TensorModel load(ModelSpec spec, Device device) {
        Path file = SerializedFile.locate(spec);
        DjlOptions options = DjlOptions.of(spec.options());
        String name = named(options);
        return PackLoader.call(() -> read(name, file, options, settings.threads(spec.placement())));
    }

    private String named(DjlOptions options) {
        if (options.engine().isEmpty() && names.size() == 1) {
            return names.iterator().next();
        }
        return options.engine()
                .filter(names::contains)
                .orElseThrow(() -> new ServingException(
                        ErrorCode.INVALID_MODEL,
                        "sluice.djl.engine: " + options.engine().orElse("not given") + " (expected: one of "
                                + String.join(", ", new TreeSet<>(names))
                                + ", whose jars are in the engine pack 'djl')"));
    }

    /** An empty model; the engine's native libraries are loaded for the first. */
    private static Model newModel(String engine, String name) {
        try {
            return ai.djl.engine.Engine.getEngine(engine).newModel(name, ai.djl.Device.cpu());
        } catch (RuntimeException | LinkageError | AssertionError e) {
            String reason = NativeMessage.clean(String.valueOf(e.getMessage()));
            throw new ServingException(
                    ErrorCode.LOAD_FAILED,
                    "DJL's engine " + engine + " does not load: " + reason
                            + " (expected: its native libraries among the pack's jars, of the version it wants)",
                    e);
        }
    }

    private TensorModel read(String engine, Path file, DjlOptions options, int threads) {
        String name = String.valueOf(file.getFileName());
        Model model = newModel(engine, options.modelName().orElse(name));
        try {
            options.arguments().forEach(model::setProperty);
            Map<String, String> wanted = new TreeMap<>(options.options());
            // ONNX Runtime's by DJL; engines that know no such option do not look for it.
            wanted.putIfAbsent("intraOpNumThreads", Integer.toString(threads));
            wanted.putIfAbsent("interOpNumThreads", "1");
            model.load(file.toAbsolutePath().getParent(), options.modelName().orElse(name), wanted);
            return new DjlModel(model, settings.allocator());
        } catch (IOException | MalformedModelException | RuntimeException e) {
            model.close();
            throw DjlErrors.whileLoading(name, engine, e);
        } catch (Error e) {
            model.close();
            throw e;
        }
    }

    /** Native libraries stay until the process ends. */
    @Override
    public void close() {}
}
