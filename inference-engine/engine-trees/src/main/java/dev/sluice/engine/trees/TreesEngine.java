// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.trees;

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
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads tree models and decides who computes each.
 *
 * <p><b>Threads:</b> safe from any thread.
 */
final class TreesEngine implements Engine {
    private static final Logger LOG = LoggerFactory.getLogger(TreesEngine.class);

    private static final String NO_COPY = "XGBoost 3.0 knows no base scores that differ between outputs";

    private final EngineSettings settings;
    private final Natives natives;

    TreesEngine(EngineSettings settings, Natives natives) {
        this.settings = settings;
        this.natives = natives;
    }

    /** Neither library tells its version, so these are those the pack was built with; each only if it loaded. */
    @Override
    public EngineInfo info() {
        String loaded = natives.loaded().stream()
                .sorted()
                .map(library -> TreesProvider.version(library) + " (" + library.title() + ")")
                .collect(Collectors.joining(", "));
        return EngineInfo.ofProcessors(TreesProvider.ID, loaded.isEmpty() ? "0.0 (no native library)" : loaded);
    }

    @Override
    public TensorModel load(ModelSpec spec, Device device) {
        Path file = SerializedFile.locate(spec);
        String name = NativeMessage.clean(String.valueOf(file.getFileName()));
        ScorerChoice choice = ScorerChoice.of(spec.options());
        try {
            ModelFile model = ModelFormat.read(Files.readAllBytes(file));
            return new TreesModel(model, scorer(name, model, choice), settings.allocator());
        } catch (MalformedModelException e) {
            throw new ServingException(
                    ErrorCode.INVALID_MODEL,
                    NativeMessage.clean(name + " is no tree model this engine can run: " + e.getMessage()),
                    e);
        } catch (IOException e) {
            throw new ServingException(ErrorCode.LOAD_FAILED, "Cannot read " + name, e);
        } catch (OutOfMemoryError e) {
            // What the arrays of a file beyond two gigabytes, or beyond the heap, end in.
            throw new ServingException(ErrorCode.OUT_OF_MEMORY, "No memory to load " + name, e);
        }
    }

    /** Who scores {@code model}. */
    Scorer scorer(String name, ModelFile model, ScorerChoice choice) {
        if (model.scorer().isEmpty() || choice == ScorerChoice.NATIVE) {
            return library(name, model, choice);
        }
        Scorer java = model.scorer().get();
        if (choice == ScorerChoice.JAVA) {
            LOG.info("{}: scored in Java, unchecked, as its configuration wants", name);
            return java;
        }
        if (!natives.has(model.library())) {
            LOG.warn(
                    "{}: scored in Java, unchecked, since {} did not load",
                    name,
                    model.library().title());
            return java;
        }
        if (model.copy().isEmpty()) {
            LOG.warn("{}: scored in Java, unchecked, since {}", name, NO_COPY);
            return java;
        }
        return checked(name, model, model.copy().get(), java);
    }

    private Scorer library(String name, ModelFile model, ScorerChoice choice) {
        String title = model.library().title();
        String why = model.unknown().isEmpty()
                ? "its configuration wants that"
                : "the Java scorer does not know " + model.unknown();
        if (choice == ScorerChoice.JAVA) {
            throw new MalformedModelException(
                    why + " (expected: no 'sluice.trees.scorer: java', so that " + title + " itself may score it)");
        }
        if (!natives.has(model.library())) {
            throw new ServingException(
                    ErrorCode.LOAD_FAILED,
                    name + " needs " + title + ", since " + why + "; but " + title
                            + " did not load (expected: libgomp1 on this machine, and the engine pack built for it)");
        }
        LOG.info("{}: scored by {} itself, since {}", name, title, why);
        return natives.scorer(
                model, model.copy().orElseThrow(() -> new MalformedModelException(NO_COPY + ", and " + why)));
    }

    /** The Java scorer if it answers as the library does, else the library's. */
    private Scorer checked(String name, ModelFile model, Supplier<byte[]> copy, Scorer java) {
        Scorer library = natives.scorer(model, copy);
        Optional<String> difference;
        try {
            difference = new ScorerCheck(model).difference(java, library);
        } catch (RuntimeException | Error e) {
            library.close();
            throw e;
        }
        if (difference.isEmpty()) {
            library.close();
            LOG.debug(
                    "{}: scored in Java, which gave what {} gives",
                    name,
                    model.library().title());
            return java;
        }
        LOG.warn(
                "{}: scored by {} itself, since the Java scorer gave {}",
                name,
                model.library().title(),
                difference.get());
        return library;
    }

    /** Native libraries stay loaded as long as the process. */
    @Override
    public void close() {}
}
