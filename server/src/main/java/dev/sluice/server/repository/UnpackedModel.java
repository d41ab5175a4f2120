// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.repository;

import dev.sluice.archive.Manifest;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.model.ModelFiles;
import dev.sluice.server.yaml.SafeYaml;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * A model's files on disk and what its manifest says of them. A file the manifest names is used only if its real path lies
 * in the model's own directory.
 *
 * @param root holds all files
 */
record UnpackedModel(Path root, Manifest manifest) {
    /** Used when the manifest names no configuration. */
    private static final String DEFAULT_CONFIG = "model-config.yaml";

    ModelFiles files() {
        Optional<String> named = manifest.model().serializedFile();
        if (named.isPresent()) {
            Path unused = checked(named.get(), "serializedFile");
            return new ModelFiles(root, named);
        }
        return new ModelFiles(root, onlyModelFile());
    }

    /** The model's own configuration; empty if it has none. A broken one refuses the model, whose handler would misread it. */
    Map<String, Object> configuration() {
        Optional<String> named = manifest.model().configFile();
        String file = named.orElse(DEFAULT_CONFIG);
        if (named.isEmpty() && !Files.isRegularFile(root.resolve(file))) {
            return Map.of();
        }
        try {
            return SafeYaml.read(checked(file, "configFile"));
        } catch (ServingException e) {
            throw e.code() == ErrorCode.INVALID_INPUT
                    ? new ServingException(ErrorCode.INVALID_MODEL, "configFile: " + file + " " + e.safeMessage(), e)
                    : e;
        }
    }

    private Path checked(String name, String key) {
        try {
            Path real = root.resolve(name).toRealPath();
            if (real.startsWith(root.toRealPath()) && Files.isRegularFile(real)) {
                return real;
            }
        } catch (IOException | InvalidPathException e) {
            throw new ServingException(ErrorCode.INVALID_MODEL, refusal(name, key), e);
        }
        throw new ServingException(ErrorCode.INVALID_MODEL, refusal(name, key));
    }

    private static String refusal(String name, String key) {
        return key + ": " + name + " (expected: a file of the model)";
    }

    /** The one file that looks like a model, where a manifest names none; nothing if there is not exactly one. */
    private Optional<String> onlyModelFile() {
        try (Stream<Path> children = Files.list(root)) {
            List<String> candidates = children.filter(Files::isRegularFile)
                    .map(file -> String.valueOf(file.getFileName()))
                    .filter(ModelLocator::isPlainModel)
                    .toList();
            return candidates.size() == 1 ? Optional.of(candidates.get(0)) : Optional.empty();
        } catch (IOException e) {
            throw new ServingException(ErrorCode.INVALID_MODEL, "The model's files cannot be listed", e);
        }
    }
}
