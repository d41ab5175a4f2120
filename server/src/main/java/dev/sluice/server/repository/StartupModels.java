// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.repository;

import dev.sluice.serving.RegisterModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The models a server starts with, as operators list them: nothing, {@code all}, or {@code location} and
 * {@code name=location} separated by commas, with blanks around them if they like.
 *
 * <p>Source: torchserve.md section 5.4.
 */
public final class StartupModels {
    private static final Logger LOG = LoggerFactory.getLogger(StartupModels.class);
    private static final List<String> ARCHIVES = List.of(".mar", ".model", ".tar.gz");

    private StartupModels() {}

    /**
     * What {@code config} asks for, in its order; {@code all} is by name: archives, directories, and files that by their names
     * are models. A file whose ending other files have, too, is named by whoever means it.
     */
    public static List<RegisterModel> of(ModelStoreConfig config, Capabilities capabilities) {
        ModelFinder finder = new ModelFinder(capabilities.fileSuffixes());
        String wanted = config.loadModels().strip();
        if (isAll(config)) {
            return config.directory().map(store -> everythingIn(store, finder)).orElse(List.of());
        }
        return Stream.of(wanted.split(",", -1))
                .map(String::strip)
                .filter(item -> !item.isEmpty())
                .map(StartupModels::one)
                .toList();
    }

    /** Whether {@code config} asks for whatever there is. */
    public static boolean isAll(ModelStoreConfig config) {
        return config.loadModels().strip().toLowerCase(Locale.ROOT).equals("all");
    }

    private static RegisterModel one(String item) {
        int equals = item.indexOf('=');
        int scheme = item.indexOf("://");
        if (scheme >= 0 && scheme < equals) {
            // The URL's own.
            return RegisterModel.atStartup(item, Optional.empty());
        }
        if (equals <= 0) {
            return RegisterModel.atStartup(item.substring(equals + 1).strip(), Optional.empty());
        }
        return RegisterModel.atStartup(
                item.substring(equals + 1).strip(),
                Optional.of(item.substring(0, equals).strip()));
    }

    private static List<RegisterModel> everythingIn(Path store, ModelFinder finder) {
        try (Stream<Path> children = Files.list(store)) {
            return children.filter(path -> isModel(path, finder))
                    .map(path -> String.valueOf(path.getFileName()))
                    .sorted()
                    .map(name -> RegisterModel.atStartup(name, Optional.empty()))
                    .toList();
        } catch (IOException e) {
            LOG.error("model_store: {} cannot be listed, so no model is loaded", store, e);
            return List.of();
        }
    }

    private static boolean isModel(Path path, ModelFinder finder) {
        String name = String.valueOf(path.getFileName());
        if (name.startsWith(".")) {
            return false;
        }
        return Files.isDirectory(path) || ARCHIVES.stream().anyMatch(name::endsWith) || finder.isSurelyModel(name);
    }
}
