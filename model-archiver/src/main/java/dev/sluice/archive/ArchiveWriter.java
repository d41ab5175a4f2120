// SPDX-License-Identifier: Apache-2.0
package dev.sluice.archive;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Instant;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;

/**
 * A writer of archives in one format. The bytes depend on the manifest, the files' names and content and the time stamp
 * given, on nothing else: the manifest comes first, the files follow sorted by name, and every entry has the same time,
 * owner and mode.
 *
 * <p><b>Threads:</b> safe from any thread. <b>Errors:</b> only {@link ArchiveException}; a failure leaves nothing behind
 * and a previous archive as it was.
 */
public final class ArchiveWriter {
    private final ArchiveFormat format;
    private final Instant timestamp;

    /**
     * A writer that dates every entry alike.
     *
     * @param timestamp the time of every entry
     */
    public ArchiveWriter(ArchiveFormat format, Instant timestamp) {
        this.format = format;
        this.timestamp = timestamp;
    }

    /**
     * Writes {@code target}, which is replaced in one step if it exists.
     *
     * @param top name of the top directory of a tar archive
     * @param files what is packed, by the name it gets; a file at the manifest's place is refused
     */
    public void write(Path target, String top, Manifest manifest, Map<String, Path> files) {
        Path partial = target.resolveSibling("." + target.getFileName() + "." + UUID.randomUUID() + ".partial");
        try {
            write(partial, top, contents(manifest, files));
            moveIntoPlace(partial, target);
        } catch (IOException | RuntimeException e) {
            FileTree.deleteAfter(e, partial);
            throw e instanceof ArchiveException known
                    ? known
                    : new ArchiveException("cannot write " + Quoted.of(target.toString()) + ": " + e, e);
        }
    }

    private static PackedContents contents(Manifest manifest, Map<String, Path> files) {
        EntryLedger ledger = new EntryLedger(unbounded(), EntryLedger.NO_PACKED_SIZE);
        ledger.admitFile(Manifest.LOCATION);
        TreeMap<String, Path> admitted = new TreeMap<>();
        new TreeMap<>(files).forEach((name, file) -> admitted.put(ledger.admitFile(name), file));
        return new PackedContents(manifest, admitted);
    }

    /** Names must be readable everywhere; how large an archive may be is for its reader to say. */
    private static ArchiveLimits unbounded() {
        ArchiveLimits defaults = ArchiveLimits.defaults();
        return new ArchiveLimits(
                Integer.MAX_VALUE,
                Long.MAX_VALUE,
                Integer.MAX_VALUE,
                Long.MAX_VALUE,
                defaults.manifestBytes(),
                defaults.nameLength(),
                defaults.depth());
    }

    private void write(Path partial, String top, PackedContents contents) throws IOException {
        switch (format) {
            case DEFAULT -> ZipPacking.write(partial, contents, timestamp, true);
            case ZIP_STORE -> ZipPacking.write(partial, contents, timestamp, false);
            case TGZ -> TarPacking.write(partial, top, contents, timestamp);
            case NO_ARCHIVE -> contents.copyTo(partial);
        }
    }

    /** A rename replaces a file but no directory that has content, so an old directory steps aside first. */
    private static void moveIntoPlace(Path partial, Path target) throws IOException {
        if (!Files.isDirectory(target, LinkOption.NOFOLLOW_LINKS)) {
            Files.move(partial, target, StandardCopyOption.ATOMIC_MOVE);
            return;
        }
        Path old = partial.resolveSibling(partial.getFileName() + ".old");
        Files.move(target, old, StandardCopyOption.ATOMIC_MOVE);
        try {
            Files.move(partial, target, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            Files.move(old, target, StandardCopyOption.ATOMIC_MOVE);
            throw e;
        }
        FileTree.delete(old);
    }
}
