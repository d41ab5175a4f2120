// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.djl;

import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Libraries of operators that PyTorch itself does not have, such as {@code torchvision::nms}: what the operator puts into the folder
 * {@code extra} of the engine pack, beside {@code native}. Nothing that a model or a client names is ever loaded.
 *
 * <p>They are not in {@code native}, all of which DJL loads before libtorch, whose symbols they need.
 */
final class ExtraLibraries {
    private static final String FOLDER = "extra";
    private static final Pattern LIBRARY = Pattern.compile(".*\\.(?:so(?:\\.\\d+)*|dylib|dll)");

    private ExtraLibraries() {}

    /** Loads them in the order of their names; libtorch has been loaded. */
    static void load(Optional<Path> natives) {
        natives.map(directory -> directory.toAbsolutePath().resolveSibling(FOLDER))
                .filter(Files::isDirectory)
                .map(ExtraLibraries::in)
                .orElse(List.of())
                .forEach(ExtraLibraries::load);
    }

    private static List<Path> in(Path folder) {
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(file -> LIBRARY.matcher(file.toString()).matches())
                    .sorted()
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException("the engine pack's folder '" + FOLDER + "' cannot be listed", e);
        }
    }

    private static void load(Path library) {
        try {
            System.load(library.toString());
        } catch (UnsatisfiedLinkError e) {
            throw new ServingException(
                    ErrorCode.LOAD_FAILED,
                    "Library " + library.getFileName() + " in the folder '" + FOLDER
                            + "' of engine 'pytorch' does not load (expected: a library built for this PyTorch, and those it needs"
                            + " before it in the order of names)",
                    e);
        }
    }
}
