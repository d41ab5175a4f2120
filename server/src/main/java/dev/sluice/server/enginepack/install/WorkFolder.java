// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.enginepack.install;

import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
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
    private static final int ATTEMPTS = 10;

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
        for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
            Path path = Files.createTempDirectory(parent, PREFIX);
            Optional<FileChannel> lock = lock(path);
            // Until it is locked it looks abandoned, and another process may delete it.
            if (lock.isPresent() && Files.exists(path.resolve(LOCK))) {
                return new WorkFolder(path, lock.get());
            }
            if (lock.isPresent()) {
                lock.get().close();
            }
        }
        throw new ServingException(
                ErrorCode.FAILED_PRECONDITION,
                "other processes keep changing " + parent + " (expected: one at a time); try again");
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
            Optional<FileChannel> lock = lock(folder);
            if (lock.isPresent()) {
                new WorkFolder(folder, lock.get()).close();
            }
        }
    }

    /** The locked lock of {@code folder}; empty if somebody else has it, or has just deleted the folder. */
    private static Optional<FileChannel> lock(Path folder) throws IOException {
        FileChannel channel;
        try {
            channel = FileChannel.open(folder.resolve(LOCK), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        } catch (NoSuchFileException e) {
            return Optional.empty();
        }
        try {
            if (channel.tryLock() != null) {
                return Optional.of(channel);
            }
        } catch (OverlappingFileLockException e) {
            LOG.debug("{} belongs to another thread of this process", folder);
        }
        channel.close();
        return Optional.empty();
    }

    @Override
    public void close() {
        try (lock) {
            delete(path);
        } catch (IOException e) {
            LOG.warn("{} is not deleted; the next 'sluice engines add' does it: {}", path, e.toString());
        }
    }

    /** Deletes a folder with all that is in it; of links the links alone. */
    static void delete(Path folder) throws IOException {
        List<Path> files;
        try (Stream<Path> all = Files.walk(folder)) {
            files = all.sorted(Comparator.reverseOrder()).toList();
        } catch (UncheckedIOException e) {
            throw new IOException(e);
        }
        for (Path file : files) {
            Files.deleteIfExists(file);
        }
    }
}
