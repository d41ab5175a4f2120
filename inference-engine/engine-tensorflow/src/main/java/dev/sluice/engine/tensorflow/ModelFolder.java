// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.tensorflow;

import dev.sluice.engine.SerializedFile;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.model.ModelSpec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;

/**
 * The folder of a SavedModel: {@code saved_model.pb}, and beside it variables and assets, which the runtime finds by their names.
 *
 * @param path by its real name
 * @param name what to call it in messages
 */
record ModelFolder(Path path, String name) {
    /** Where the values of variables are listed. */
    static final String VARIABLES = "variables/variables.index";

    /**
     * The folder of the file that {@code spec} names.
     *
     * @throws ServingException {@code INVALID_MODEL} if the file is called something else, or anything in the folder lies outside
     *     the model's own directory
     */
    static ModelFolder of(ModelSpec spec) {
        Path file = SerializedFile.locate(spec);
        if (!file.endsWith(TensorFlowProvider.FILE)) {
            throw invalid("Serialized file: " + file.getFileName() + " (expected: " + TensorFlowProvider.FILE
                    + ", with variables and assets in folders beside it)");
        }
        Path folder = Objects.requireNonNull(file.getParent());
        try {
            Path root = spec.files().root().toRealPath();
            if (!isInside(root, folder)) {
                throw invalid("Model " + spec.id().name()
                        + " links to files outside its directory (expected: all of its files in its own directory)");
            }
            return new ModelFolder(folder.toRealPath(), TensorFlowProvider.FILE);
        } catch (IOException e) {
            throw new ServingException(
                    ErrorCode.LOAD_FAILED, "The files of model " + spec.id().name() + " cannot be listed", e);
        }
    }

    boolean hasVariables() {
        return Files.isRegularFile(path.resolve(VARIABLES));
    }

    private static boolean isInside(Path root, Path folder) throws IOException {
        List<Path> files;
        try (Stream<Path> all = Files.walk(folder)) {
            files = all.toList();
        }
        for (Path file : files) {
            if (!file.toRealPath().startsWith(root)) {
                return false;
            }
        }
        return true;
    }

    private static ServingException invalid(String message) {
        return new ServingException(ErrorCode.INVALID_MODEL, message);
    }
}
