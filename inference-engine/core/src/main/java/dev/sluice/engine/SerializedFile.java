// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine;

import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.model.ModelSpec;
import java.nio.file.Files;
import java.nio.file.Path;

/** The file an engine is to read, found by the name a model's own description gives it. */
public final class SerializedFile {
    private SerializedFile() {}

    /**
     * Where the serialized file of {@code spec} lies. The name comes from inside an archive, so it may not lead out of the
     * model's directory.
     *
     * @throws ServingException {@code INVALID_MODEL} if there is none, it is not there, or it lies elsewhere
     */
    public static Path locate(ModelSpec spec) {
        String name = spec.files()
                .serializedFile()
                .orElseThrow(() -> new ServingException(
                        ErrorCode.INVALID_MODEL, "Model " + spec.id().name() + " names no serialized file to load"));
        Path root = spec.files().root().normalize();
        Path file = root.resolve(name).normalize();
        if (!file.startsWith(root) || file.equals(root)) {
            throw new ServingException(
                    ErrorCode.INVALID_MODEL,
                    "Serialized file: " + NativeMessage.clean(name)
                            + " (expected: a file in the model's own directory)");
        }
        if (!Files.isRegularFile(file)) {
            throw new ServingException(
                    ErrorCode.INVALID_MODEL, "Serialized file: " + name + " (expected: a file; there is none)");
        }
        return file;
    }
}
