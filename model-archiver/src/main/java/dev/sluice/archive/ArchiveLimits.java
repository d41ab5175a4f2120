// SPDX-License-Identifier: Apache-2.0
package dev.sluice.archive;

/**
 * The bounds within which an archive is read; crossing one refuses the archive.
 *
 * <p>Source: operations.md section 5.5 for entries, unpacked size and ratio.
 *
 * @param entries most entries, directories included; default 10 000
 * @param unpackedBytes most bytes that come out of one archive; default 20 GiB
 * @param ratio most bytes that come out for one byte of archive; default 200
 * @param ratioFloorBytes bytes that may come out before the ratio counts, so that small archives of zeros pass; default 64 MiB
 * @param manifestBytes longest manifest; default 1 MiB
 * @param nameLength longest entry name in characters; default 1 024
 * @param depth most name components, the file's own included; default 32
 */
public record ArchiveLimits(
        int entries,
        long unpackedBytes,
        int ratio,
        long ratioFloorBytes,
        int manifestBytes,
        int nameLength,
        int depth) {

    private static final ArchiveLimits DEFAULTS =
            new ArchiveLimits(10_000, 20L << 30, 200, 64L << 20, 1 << 20, 1_024, 32);

    public ArchiveLimits {
        atLeastOne("entries", entries);
        atLeastOne("unpackedBytes", unpackedBytes);
        atLeastOne("ratio", ratio);
        atLeastOne("ratioFloorBytes", ratioFloorBytes);
        atLeastOne("manifestBytes", manifestBytes);
        atLeastOne("nameLength", nameLength);
        atLeastOne("depth", depth);
    }

    /** The limits of a server and a command line that were told nothing else. */
    public static ArchiveLimits defaults() {
        return DEFAULTS;
    }

    private static void atLeastOne(String name, long value) {
        if (value < 1) {
            throw new IllegalArgumentException(name + ": " + value + " (expected: 1 or more)");
        }
    }
}
