// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.repository;

import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The directory that this process alone writes to, readable by its user only, gone when it ends.
 *
 * <p><b>Threads:</b> safe from any thread.
 */
public final class WorkDirectory implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(WorkDirectory.class);

    private static final String PREFIX = "sluice-";

    private final Path root;
    private final Path models;
    private final OwnershipMark mark;

    private WorkDirectory(Path root, Path models, OwnershipMark mark) {
        this.root = root;
        this.models = models;
        this.mark = mark;
    }

    /**
     * A fresh one below {@code parent}.
     *
     * @throws ServingException {@code FAILED_PRECONDITION} if nothing can be written there
     */
    public static WorkDirectory below(Path parent) {
        try {
            Path root = Files.createTempDirectory(Files.createDirectories(parent), PREFIX)
                    .toRealPath();
            return new WorkDirectory(root, Files.createDirectory(root.resolve("models")), OwnershipMark.on(root));
        } catch (IOException e) {
            throw new ServingException(
                    ErrorCode.FAILED_PRECONDITION,
                    "work_dir: " + parent + " (expected: a directory this user may write to; choose one with"
                            + " --set work_dir=DIR)",
                    e);
        }
    }

    /** Where archives are unpacked. */
    Path models() {
        return models;
    }

    /** A directory of its own for {@code purpose}, made when first asked for. */
    public Path directory(String purpose) {
        try {
            return Files.createDirectories(root.resolve(purpose));
        } catch (IOException e) {
            throw new ServingException(ErrorCode.INTERNAL, "The work directory cannot be written to", e);
        }
    }

    /** Lets other users reach what they know the names of, and are allowed to read; they still cannot list what there is. */
    public void openToOthers() {
        try {
            Files.setPosixFilePermissions(root, PosixFilePermissions.fromString("rwx--x--x"));
            Files.setPosixFilePermissions(models, PosixFilePermissions.fromString("rwx--x--x"));
        } catch (IOException | UnsupportedOperationException e) {
            LOG.warn("Other users cannot be let into {}: workers that run as one of them find no models", root, e);
        }
    }

    /** Deletes a model that was unpacked here; does nothing to one that is used where it lies. */
    void discard(Path model) {
        if (models.equals(model.getParent())) {
            delete(model);
        }
    }

    /** Deletes the directories beside this one whose processes ended without closing them; slow. */
    public void deleteAbandoned() {
        Path parent = root.getParent();
        if (parent == null) {
            return;
        }
        try (DirectoryStream<Path> others = Files.newDirectoryStream(parent, PREFIX + "*")) {
            for (Path other : others) {
                if (!other.equals(root) && OwnershipMark.isAbandoned(other, root)) {
                    LOG.info("Deleting {}, which a process left behind that is gone", other);
                    delete(other);
                }
            }
        } catch (IOException | DirectoryIteratorException e) {
            LOG.warn("Could not look for what other processes left in {}", parent, e);
        }
    }

    @Override
    public void close() {
        delete(root);
        mark.close();
    }

    private static void delete(Path tree) {
        // Walking follows no links, so what a link points to stays.
        try (Stream<Path> walk = Files.walk(tree)) {
            List<Path> deepestFirst = walk.sorted(Comparator.reverseOrder()).toList();
            for (Path path : deepestFirst) {
                Files.deleteIfExists(path);
            }
        } catch (IOException e) {
            LOG.warn("Could not delete {}", tree, e);
        }
    }
}
