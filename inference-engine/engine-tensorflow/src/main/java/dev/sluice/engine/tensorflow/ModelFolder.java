// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.tensorflow;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.sluice.engine.NativeMessage;
import dev.sluice.engine.SerializedFile;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.model.ModelSpec;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Set;
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
     * @throws ServingException {@code INVALID_MODEL} if the file is called something else, anything in the folder lies outside the
     *     model's own directory, or the model has operators that reach out of it
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
            if (!folder.toRealPath().startsWith(root) || !keepsToItself(root)) {
                throw invalid("Model " + spec.id().name()
                        + " links to files outside its directory (expected: all of its files in its own directory)");
            }
            checkOperators(file);
            return new ModelFolder(folder.toRealPath(), TensorFlowProvider.FILE);
        } catch (IOException e) {
            throw new ServingException(
                    ErrorCode.LOAD_FAILED, "The files of model " + spec.id().name() + " cannot be listed", e);
        }
    }

    private static void checkOperators(Path file) throws IOException {
        Set<String> forbidden;
        try {
            forbidden = ForbiddenOperators.in(file);
        } catch (InvalidProtocolBufferException e) {
            throw new ServingException(
                    ErrorCode.INVALID_MODEL,
                    TensorFlowProvider.FILE + " is damaged, cut short or of another format",
                    e);
        }
        if (!forbidden.isEmpty()) {
            throw invalid(NativeMessage.clean(TensorFlowProvider.FILE + " has operators " + String.join(", ", forbidden)
                    + " (expected: none that reach files, other than variables and tables, or other machines; read"
                    + " them before the model)"));
        }
    }

    boolean hasVariables() {
        return Files.isRegularFile(path.resolve(VARIABLES));
    }

    /** Whether no link leads out of {@code root}; those that lead from one of its folders to another are followed by the runtime. */
    private static boolean keepsToItself(Path root) throws IOException {
        List<Path> files;
        try (Stream<Path> all = Files.walk(root)) {
            files = all.toList();
        } catch (UncheckedIOException e) {
            throw new IOException(e);
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
