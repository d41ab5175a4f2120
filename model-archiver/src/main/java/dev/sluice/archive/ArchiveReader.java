// SPDX-License-Identifier: Apache-2.0
package dev.sluice.archive;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * A model archive or unpacked model directory, whoever made it. A file named {@code .mar} is a zip archive, any other file
 * is a gzip-compressed tar archive, a directory is read in place.
 *
 * <p><b>Threads:</b> safe from any thread; each call opens and closes the file.
 *
 * <p><b>Errors:</b> only {@link ArchiveException}; a failed extraction leaves nothing behind.
 *
 * <p>Source: torchserve.md sections 6.1 and 12.2.
 */
public final class ArchiveReader {
    private final Path location;
    private final ArchiveLimits limits;

    private ArchiveReader(Path location, ArchiveLimits limits) {
        this.location = location;
        this.limits = limits;
    }

    /** A reader of what is at {@code location}; nothing is opened yet. */
    public static ArchiveReader of(Path location, ArchiveLimits limits) {
        return new ArchiveReader(location, limits);
    }

    /** Whether the model is unpacked already and can be used where it is. */
    public boolean isDirectory() {
        return Files.isDirectory(location);
    }

    /** All files, sorted by name. Sizes are as declared: only reading the content proves them. */
    public List<ArchiveEntry> entries() {
        List<ArchiveEntry> entries = new ArrayList<>();
        visit((name, bytes, content) -> entries.add(new ArchiveEntry(name, bytes)));
        entries.sort(Comparator.comparing(ArchiveEntry::name));
        return List.copyOf(entries);
    }

    /** The manifest, read without extracting anything; the empty manifest when the archive has none. */
    public Manifest manifest() {
        return findManifest().orElseGet(Manifest::empty);
    }

    /** The manifest, or nothing when the archive has none, which is legal. */
    public Optional<Manifest> findManifest() {
        List<Manifest> found = new ArrayList<>(1);
        visit((name, bytes, content) -> {
            if (!name.equals(Manifest.LOCATION)) {
                return true;
            }
            found.add(parse(content));
            return false;
        });
        return found.stream().findFirst();
    }

    /** The manifest in {@code content}, of which no more than the limit is read. */
    Manifest parse(InputStream content) throws IOException {
        byte[] json = content.readNBytes(limits.manifestBytes() + 1);
        if (json.length > limits.manifestBytes()) {
            throw EntryNames.refused(
                    Manifest.LOCATION, "is longer than " + limits.manifestBytes() + " bytes (the limit of manifests)");
        }
        return ManifestJson.read(json);
    }

    /**
     * Unpacks everything into a fresh private directory beside {@code target} and renames that to {@code target}, so that
     * {@code target} is complete or absent. A directory is copied.
     *
     * @param target must not exist; its parent must
     */
    public void extractTo(Path target) {
        guarded(() -> {
            Extraction.run(source(), ledger(), target.toAbsolutePath().normalize());
            return target;
        });
    }

    /** Reads every byte and tells all that is wrong; an empty list is a clean archive. */
    public List<Finding> verify() {
        return ArchiveVerifier.verify(this);
    }

    /** Hands every entry to {@code visitor}. */
    void visit(EntrySource.Visitor visitor) {
        guarded(() -> {
            source().read(ledger(), visitor);
            return location;
        });
    }

    private EntrySource source() {
        if (isDirectory()) {
            return new DirectoryEntrySource(location);
        }
        if (!Files.isRegularFile(location)) {
            throw new ArchiveException("no such archive (expected: a file or a directory)");
        }
        return String.valueOf(location.getFileName()).endsWith(".mar")
                ? new ZipEntrySource(location)
                : new TarEntrySource(location);
    }

    private EntryLedger ledger() throws IOException {
        return new EntryLedger(limits, isDirectory() ? EntryLedger.NO_PACKED_SIZE : Files.size(location));
    }

    /** Whatever a parser throws at hostile bytes is the archive's fault and leaves here as one kind of failure. */
    private <T> T guarded(Failing<T> action) {
        String name = Quoted.of(String.valueOf(location.getFileName()));
        try {
            return action.run();
        } catch (ArchiveException e) {
            throw e.in(name);
        } catch (IOException | RuntimeException e) {
            throw new ArchiveException(
                    name + ": cannot be unpacked: truncated, corrupt, or not accessible (" + why(e) + ")", e);
        }
    }

    /** A file system's own message is a path of this machine, which is nobody's business. */
    private static String why(Exception e) {
        String message = e instanceof FileSystemException failure ? failure.getReason() : e.getMessage();
        return message == null ? e.getClass().getSimpleName() : Quoted.of(message);
    }

    private interface Failing<T> {
        T run() throws IOException;
    }
}
