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
import java.util.Map;
import java.util.Optional;

/**
 * A model's files on disk and what its manifest says of them. A file the manifest names is used only if its real path lies
 * in the model's own directory.
 *
 * @param root holds all files
 */
record UnpackedModel(Path root, Manifest manifest) {
    /** Used when the manifest names no configuration. */
    private static final String DEFAULT_CONFIG = "model-config.yaml";

    /** With the name of the model file, which for a model that is a folder is that of the file in it that says so. */
    ModelFiles files(ModelFinder finder) {
        Optional<String> named = manifest.model().serializedFile();
        if (named.isEmpty()) {
            boolean isUndescribed = manifest.model().handler().isEmpty();
            return new ModelFiles(root, finder.only(root, isUndescribed).map(file -> checked(file, "serializedFile")));
        }
        String name = named.get();
        Path real = real(name, "serializedFile");
        if (!Files.isDirectory(real)) {
            return new ModelFiles(root, Optional.of(checked(name, "serializedFile")));
        }
        String inFolder = finder.inFolder(real)
                .orElseThrow(() -> new ServingException(
                        ErrorCode.INVALID_MODEL,
                        "serializedFile: " + name + " is a folder (expected: a file"
                                + (finder.wholeNames().isEmpty()
                                        ? "; no engine of this server runs folders)"
                                        : ", or a folder that holds " + String.join(" or ", finder.wholeNames())
                                                + ")")));
        String folder = name.endsWith("/") ? name.substring(0, name.length() - 1) : name;
        return new ModelFiles(root, Optional.of(checked(folder + "/" + inFolder, "serializedFile")));
    }

    /** For a handler that opens its files itself: the one the manifest names, a folder or not, if there is such. */
    ModelFiles filesAsNamed() {
        return new ModelFiles(root, manifest.model().serializedFile().filter(this::isThere))
                .withRequirements(manifest.model().requirementsFile());
    }

    private boolean isThere(String name) {
        try {
            return root.resolve(name).toRealPath().startsWith(root.toRealPath());
        } catch (IOException | InvalidPathException e) {
            return false;
        }
    }

    /** The model's own configuration; empty if it has none. A broken one refuses the model, whose handler would misread it. */
    Map<String, Object> configuration() {
        Optional<String> named = manifest.model().configFile();
        String file = named.orElse(DEFAULT_CONFIG);
        if (named.isEmpty() && !Files.isRegularFile(root.resolve(file))) {
            return Map.of();
        }
        try {
            return SafeYaml.read(real(checked(file, "configFile"), "configFile"));
        } catch (ServingException e) {
            throw e.code() == ErrorCode.INVALID_INPUT
                    ? new ServingException(ErrorCode.INVALID_MODEL, "configFile: " + file + " " + e.safeMessage(), e)
                    : e;
        }
    }

    /** {@code name}, if it is that of a file of the model. */
    private String checked(String name, String key) {
        if (!Files.isRegularFile(real(name, key))) {
            throw new ServingException(ErrorCode.INVALID_MODEL, refusal(name, key));
        }
        return name;
    }

    /** Where something of the model lies, links followed. */
    private Path real(String name, String key) {
        try {
            Path real = root.resolve(name).toRealPath();
            if (real.startsWith(root.toRealPath())) {
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
}
