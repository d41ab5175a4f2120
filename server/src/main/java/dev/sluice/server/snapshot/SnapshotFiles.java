// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.snapshot;

import dev.sluice.inference.ServingException;
import dev.sluice.serving.ModelJournal.Occasion;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.time.LocalDateTime;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The snapshots of one directory. A file gets its name only when all of it is on the disk, so one that has a name is whole; a
 * file whose name or content is something else is left alone.
 *
 * <p>Source: torchserve.md section 10.
 *
 * <p><b>Threads:</b> reading is safe from any thread; one thread writes.
 */
public final class SnapshotFiles {
    private static final Logger LOG = LoggerFactory.getLogger(SnapshotFiles.class);
    private static final String UNFINISHED = ".unfinished-";

    private final Path directory;

    /** Those of {@code directory}, which need not be there. */
    public SnapshotFiles(Path directory) {
        this.directory = directory;
    }

    /** A snapshot and where it lies. */
    public record Saved(Path file, Snapshot snapshot) {}

    /** The newest one that can be read; each newer one that cannot is told in the log. */
    public Optional<Saved> last() {
        return names().stream()
                .sorted(Comparator.reverseOrder())
                .map(name -> directory.resolve(name.file()))
                .flatMap(file -> read(file).stream())
                .findFirst();
    }

    /** The newest one that was written at the start of a server. */
    Optional<Path> lastOfAStart() {
        return names().stream()
                .filter(name -> name.occasion() == Occasion.STARTUP)
                .max(Comparator.naturalOrder())
                .map(name -> directory.resolve(name.file()));
    }

    private static Optional<Saved> read(Path file) {
        try {
            return Optional.of(new Saved(file, SnapshotText.read(Files.readAllBytes(file))));
        } catch (IOException | ServingException e) {
            LOG.warn("{} is not a snapshot that can be used, so the one before it is: {}", file, e.getMessage());
            return Optional.empty();
        }
    }

    private List<SnapshotName> names() {
        if (!Files.isDirectory(directory)) {
            return List.of();
        }
        try (Stream<Path> files = Files.list(directory)) {
            return files.flatMap(file -> SnapshotName.parse(String.valueOf(file.getFileName())).stream())
                    .toList();
        } catch (IOException e) {
            LOG.warn("The snapshots in {} cannot be listed, so there are none", directory, e);
            return List.of();
        }
    }

    /** Tells of files that were meant to be snapshots by the look of them. */
    void tellForeign() {
        try (Stream<Path> files = Files.list(directory)) {
            files.map(file -> String.valueOf(file.getFileName()))
                    .filter(file ->
                            file.endsWith(".cfg") && SnapshotName.parse(file).isEmpty() && !file.startsWith(UNFINISHED))
                    .forEach(file -> LOG.warn("{} in {} is not named as snapshots are: ignored", file, directory));
        } catch (IOException e) {
            LOG.debug("{} cannot be listed", directory, e);
        }
    }

    /** The time of the newest one. */
    Optional<LocalDateTime> latest() {
        return names().stream().map(SnapshotName::time).max(Comparator.naturalOrder());
    }

    /** Deletes what a process left that ended while it wrote. */
    void deleteUnfinished() {
        try (Stream<Path> files = Files.list(directory)) {
            files.filter(file -> String.valueOf(file.getFileName()).startsWith(UNFINISHED))
                    .toList()
                    .forEach(SnapshotFiles::delete);
        } catch (IOException e) {
            LOG.warn("Unfinished snapshots in {} cannot be deleted", directory, e);
        }
    }

    /**
     * Writes one, which survives the machine's end when this returns.
     *
     * @throws IOException if it may not be there; then it is not
     */
    void write(SnapshotName name, Instant created, Snapshot snapshot) throws IOException {
        Files.createDirectories(directory);
        Path file = directory.resolve(name.file());
        Path unfinished = directory.resolve(UNFINISHED + name.file());
        try {
            Files.deleteIfExists(unfinished);
            writeThrough(unfinished, SnapshotText.print(name.file(), created, snapshot));
            Files.move(unfinished, file, StandardCopyOption.ATOMIC_MOVE);
            forceDirectory();
        } catch (IOException e) {
            delete(unfinished);
            delete(file);
            throw e;
        }
    }

    /** For the user of this process alone, where the file system knows users. */
    private static void writeThrough(Path file, byte[] content) throws IOException {
        if (file.getFileSystem().supportedFileAttributeViews().contains("posix")) {
            Files.createFile(file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        }
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            ByteBuffer bytes = ByteBuffer.wrap(content);
            while (bytes.hasRemaining()) {
                int unused = channel.write(bytes);
            }
            channel.force(true);
        }
    }

    /** A name survives only when its directory is written, too; some systems do that alone and open no directories. */
    private void forceDirectory() throws IOException {
        if (!directory.getFileSystem().supportedFileAttributeViews().contains("posix")) {
            return;
        }
        try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
            channel.force(true);
        }
    }

    /** Deletes all but the newest {@code kept} of each kind. */
    void prune(int kept) {
        List<SnapshotName> names = names();
        for (Occasion occasion : Occasion.values()) {
            names.stream()
                    .filter(name -> name.occasion() == occasion)
                    .sorted(Comparator.reverseOrder())
                    .skip(kept)
                    .forEach(name -> delete(directory.resolve(name.file())));
        }
    }

    private static void delete(Path file) {
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            LOG.warn("{} cannot be deleted", file, e);
        }
    }
}
