// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.python.setup;

import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.UserPrincipal;

/** Checks that programs can be kept in a directory: others must not be able to put their own there. */
final class OwnedDirectory {
    private OwnedDirectory() {}

    /**
     * Makes {@code directory} if there is none.
     *
     * @throws ServingException {@code LOAD_FAILED} if others may write to it, or if it is someone else's
     * @throws IOException if it cannot be made or written to
     */
    static void require(Path directory) throws IOException {
        Files.createDirectories(directory);
        if (!Files.getFileStore(directory).supportsFileAttributeView("posix")) {
            return;
        }
        if (Files.getPosixFilePermissions(directory).contains(PosixFilePermission.OTHERS_WRITE)) {
            throw refusal("everybody may write to it");
        }
        Path probe = Files.createTempFile(directory, ".owner", "");
        try {
            UserPrincipal owner = Files.getOwner(directory);
            if (!owner.equals(Files.getOwner(probe)) && !owner.getName().equals("root")) {
                throw refusal("it belongs to " + owner.getName());
            }
        } finally {
            Files.delete(probe);
        }
    }

    private static ServingException refusal(String why) {
        return new ServingException(
                ErrorCode.LOAD_FAILED,
                "python_cache_dir: " + why + " (expected: a directory of the server's own user that no other may write to)");
    }
}
