// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.trees;

import dev.sluice.engine.EngineSettings;
import java.lang.reflect.Field;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Which of the native libraries are there. Both are loaded from the pack's own folder before the bindings can unpack theirs: those would
 * write to the temporary directory, one of them under a fixed name in which others could have put something else before.
 *
 * @param loaded those that can be called
 */
record Natives(Set<Library> loaded) {
    private static final Logger LOG = LoggerFactory.getLogger(Natives.class);

    Natives {
        loaded = Set.copyOf(loaded);
    }

    /** Loads what there is; what does not load is told in the log, with the reason. */
    static Natives load(EngineSettings settings) {
        Set<Library> loaded = EnumSet.noneOf(Library.class);
        for (Library library : Library.values()) {
            try {
                load(library, settings.nativeDirectory());
                loaded.add(library);
            } catch (LinkageError | ReflectiveOperationException e) {
                LOG.warn(
                        "{} does not load (install libgomp1, and the engine pack built for this system and processor): its models are"
                                + " served by the Java scorer, unchecked; those that it does not know are refused: {}",
                        library.title(),
                        e.getMessage());
            }
        }
        return new Natives(loaded);
    }

    private static void load(Library library, Optional<Path> directory) throws ReflectiveOperationException {
        switch (library) {
            case XGBOOST -> {
                load("xgboost4j", directory);
                claimLoaded();
            }
            case LIGHTGBM -> {
                load("_lightgbm", directory);
                load("_lightgbm_swig", directory);
            }
        }
    }

    private static void load(String library, Optional<Path> directory) {
        if (directory.isEmpty()) {
            System.loadLibrary(library);
            return;
        }
        String name = System.mapLibraryName(library);
        Path file = directory.get().toAbsolutePath().resolve(name);
        if (!Files.isRegularFile(file)) {
            throw new UnsatisfiedLinkError("no " + name + " in the engine pack's native folder");
        }
        System.load(file.toString());
    }

    /**
     * Tells XGBoost's binding that its library is loaded. It offers no other way to use one that lies outside of its jar: even the property
     * it reads names a resource, which it unpacks.
     */
    private static void claimLoaded() throws ReflectiveOperationException {
        Field initialized =
                Class.forName("ml.dmlc.xgboost4j.java.NativeLibLoader").getDeclaredField("initialized");
        initialized.setAccessible(true);
        initialized.setBoolean(null, true);
    }

    boolean has(Library library) {
        return loaded.contains(library);
    }

    /**
     * The library's own scorer for {@code model}.
     *
     * @param copy of it
     * @throws MalformedModelException if the library refuses it
     */
    Scorer scorer(ModelFile model, Supplier<byte[]> copy) {
        byte[] content = copy.get();
        return switch (model.library()) {
            case XGBOOST -> XgboostNative.load(content, model.features());
            case LIGHTGBM -> LightgbmNative.load(content, model.features());
        };
    }
}
