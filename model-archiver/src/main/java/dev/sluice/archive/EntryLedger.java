// SPDX-License-Identifier: Apache-2.0
package dev.sluice.archive;

import java.util.HashMap;
import java.util.Map;

/**
 * The one judge of what an archive may contain: every name, every entry and every unpacked byte of one archive passes
 * through here, whatever its format and whoever reads or writes it.
 *
 * <p><b>Threads:</b> confined to the call that reads or writes one archive; its counters are written by that thread alone.
 *
 * <p>Source: operations.md section 5.2 (one extractor) and 5.4 (the cases that beat others).
 */
final class EntryLedger {
    /** For what has no packed size to compare with: a directory, an archive being made. */
    static final long NO_PACKED_SIZE = Long.MAX_VALUE;

    private record Seen(String name, boolean isDirectory) {}

    private final ArchiveLimits limits;
    private final long packedBytes;
    private final Map<String, Seen> seen = new HashMap<>();
    private int entries; // written by the reading thread
    private long unpackedBytes; // written by the reading thread

    /** @param packedBytes size of the archive itself, which nothing inside it can forge */
    EntryLedger(ArchiveLimits limits, long packedBytes) {
        this.limits = limits;
        this.packedBytes = packedBytes;
    }

    ArchiveLimits limits() {
        return limits;
    }

    /** Counts one more entry, before its name is looked at. */
    void countEntry() {
        entries++;
        if (entries > limits.entries()) {
            throw tooManyEntries(entries);
        }
    }

    /** Refuses an archive by the number of entries it announces, before anything is allocated for them. */
    void announceEntries(long announced) {
        if (announced > limits.entries()) {
            throw tooManyEntries(announced);
        }
    }

    private ArchiveException tooManyEntries(long count) {
        return new ArchiveException("the archive has " + count + " entries or more (limit: " + limits.entries() + ")");
    }

    /** Takes a file's name and returns its canonical form. */
    String admitFile(String raw) {
        String name = EntryNames.canonical(raw, limits);
        if (name.isEmpty()) {
            throw EntryNames.refused(raw, "names the archive's root (expected: a file name)");
        }
        admitParents(raw, name);
        Seen earlier = seen.putIfAbsent(EntryNames.folded(name), new Seen(name, false));
        if (earlier != null) {
            throw clash(
                    raw, name, earlier, earlier.isDirectory() ? "is a file and a directory at once" : "is there twice");
        }
        return name;
    }

    /** Takes a directory's name and returns its canonical form, which is empty for the root. */
    String admitDirectory(String raw) {
        String name = EntryNames.canonical(raw, limits);
        if (!name.isEmpty()) {
            admitParents(raw, name);
            admitOneDirectory(raw, name);
        }
        return name;
    }

    private void admitParents(String raw, String name) {
        for (int slash = name.indexOf('/'); slash >= 0; slash = name.indexOf('/', slash + 1)) {
            admitOneDirectory(raw, name.substring(0, slash));
        }
    }

    private void admitOneDirectory(String raw, String directory) {
        Seen earlier = seen.putIfAbsent(EntryNames.folded(directory), new Seen(directory, true));
        if (earlier != null && !(earlier.isDirectory() && earlier.name().equals(directory))) {
            throw clash(raw, directory, earlier, "needs a directory where the archive has a file");
        }
    }

    private static ArchiveException clash(String raw, String name, Seen earlier, String sameName) {
        boolean lookAlike = !earlier.name().equals(name);
        return EntryNames.refused(
                raw,
                lookAlike
                        ? "differs from " + Quoted.of(earlier.name()) + " in letter case or accent form only"
                        : sameName);
    }

    /** Counts bytes as they come out of the decompressor; declared sizes are never asked. */
    void unpacked(String entry, long bytes) {
        unpackedBytes += bytes;
        if (unpackedBytes > limits.unpackedBytes()) {
            throw EntryNames.refused(
                    entry, "takes the archive past " + limits.unpackedBytes() + " unpacked bytes (the limit)");
        }
        if (unpackedBytes > limits.ratioFloorBytes() && unpackedBytes / limits.ratio() > packedBytes) {
            throw EntryNames.refused(
                    entry,
                    "unpacks to more than " + limits.ratio() + " times the archive's " + packedBytes
                            + " bytes (the ratio limit)");
        }
    }
}
