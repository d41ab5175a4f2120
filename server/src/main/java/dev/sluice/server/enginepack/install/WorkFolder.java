// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.enginepack.install;

import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A folder beside the packs, of which nobody takes notice, deleted when it is closed. It is locked: the one of a process that
 * was killed is free to be locked, and is deleted by whoever comes next.
 */
final class WorkFolder implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(WorkFolder.class);
    private static final String PREFIX = ".sluice-";
    private static final String LOCK = "lock";

    private final Path path;
    private final FileChannel lock;

    private WorkFolder(Path path, FileChannel lock) {
        this.path = path;
        this.lock = lock;
    }

    /** A new one in {@code parent}, which is made if need be; deletes those of the dead first. */
    static WorkFolder in(Path parent) throws IOException {
        Files.createDirectories(parent);
        deleteAbandoned(parent);
        Path path = Files.createTempDirectory(parent, PREFIX);
        FileChannel channel = open(path);
        if (!isLocked(channel)) {
            channel.close();
            throw new ServingException(
                    ErrorCode.FAILED_PRECONDITION, path + " was taken for abandoned by another process; try again");
        }
        return new WorkFolder(path, channel);
    }

    Path resolve(String name) {
        return path.resolve(name);
    }

    private static void deleteAbandoned(Path parent) throws IOException {
        List<Path> folders;
        try (Stream<Path> children = Files.list(parent)) {
            folders = children.filter(
                            child -> String.valueOf(child.getFileName()).startsWith(PREFIX))
                    .filter(child -> Files.isDirectory(child, LinkOption.NOFOLLOW_LINKS))
                    .toList();
        }
        for (Path folder : folders) {
            try (FileChannel channel = open(folder)) {
                if (isLocked(channel)) {
                    delete(folder);
                }
            } catch (IOException e) {
                LOG.debug("{} is being deleted by another process", folder, e);
            }
        }
    }

    private static FileChannel open(Path folder) throws IOException {
        return FileChannel.open(folder.resolve(LOCK), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    }

    private static boolean isLocked(FileChannel channel) throws IOException {
        try {
            FileLock lock = channel.tryLock();
            return lock != null;
        } catch (OverlappingFileLockException e) {
            return false; // by another thread of this process
        }
    }

    @Override
    public void close() {
        try (lock) {
            delete(path);
        } catch (IOException e) {
            LOG.warn("{} cannot be deleted; the next 'sluice engines add' does it", path, e);
        }
    }

    /** Deletes a folder with all that is in it; of links the links alone. */
    static void delete(Path folder) throws IOException {
        List<Path> files;
        try (Stream<Path> all = Files.walk(folder)) {
            files = all.sorted(Comparator.reverseOrder()).toList();
        }
        for (Path file : files) {
            Files.deleteIfExists(file);
        }
    }
}
