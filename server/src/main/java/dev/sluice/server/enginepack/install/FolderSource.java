// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.enginepack.install;

import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.server.enginepack.PackDescriptor.Artifact;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A Maven repository in a directory. */
final class FolderSource implements ArtifactSource {
    private final Path root;

    FolderSource(Path root) {
        this.root = root;
    }

    @Override
    public String name() {
        return root.toString();
    }

    @Override
    public boolean fetch(Artifact artifact, Path target) throws IOException {
        Path file = root.resolve(artifact.coordinates().path());
        if (!Files.isRegularFile(file)) {
            return false;
        }
        if (Files.size(file) != artifact.size()) {
            throw new ServingException(
                    ErrorCode.FAILED_PRECONDITION,
                    file + " has " + Files.size(file) + " bytes (expected: " + artifact.size()
                            + "). Nothing was installed. Delete the file, or name another repository with --from.");
        }
        Files.copy(file, target);
        return true;
    }
}
