// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.enginepack.install;

import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.server.enginepack.PackDescriptor.Artifact;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

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
        // Not Files.copy, which gives the copy the file's own rights: a user's repository may be closed to the server's
        // user.
        try (InputStream in = Files.newInputStream(file);
                OutputStream out = Files.newOutputStream(target, StandardOpenOption.CREATE_NEW)) {
            in.transferTo(out);
        }
        return true;
    }
}
