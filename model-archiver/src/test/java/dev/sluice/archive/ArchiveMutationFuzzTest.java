// SPDX-License-Identifier: Apache-2.0
package dev.sluice.archive;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.Random;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Damaged archives by the thousand: extraction ends in a whole target or an {@link ArchiveException}, never elsewhere. */
class ArchiveMutationFuzzTest {
    private static final int MUTANTS = 500;

    @TempDir
    Path directory;

    private Path seed(ArchiveFormat format) throws IOException {
        Map<String, Path> files = Map.of(
                "a.txt",
                Trees.write(directory.resolve("in/a"), "hello ".repeat(40)),
                "sub/b.bin",
                Trees.write(directory.resolve("in/b"), "\0\1\2\3"),
                "sub/" + "n".repeat(120),
                Trees.write(directory.resolve("in/c"), ""));
        Path target = directory.resolve("seed" + format.suffix());
        new ArchiveWriter(format, ModelPackager.DEFAULT_TIMESTAMP).write(target, "m", Manifest.empty(), files);
        return target;
    }

    @Test
    void damagedZipFiles() throws IOException {
        byte[] seed = Files.readAllBytes(seed(ArchiveFormat.DEFAULT));
        Random random = new Random(1);
        for (int i = 0; i < MUTANTS; i++) {
            check("e.mar", mutant(seed, random));
        }
    }

    @Test
    void damagedStoredZipFiles() throws IOException {
        byte[] seed = Files.readAllBytes(seed(ArchiveFormat.ZIP_STORE));
        Random random = new Random(2);
        for (int i = 0; i < MUTANTS; i++) {
            check("e.mar", mutant(seed, random));
        }
    }

    @Test
    void damagedGzipFiles() throws IOException {
        byte[] seed = Files.readAllBytes(seed(ArchiveFormat.TGZ));
        Random random = new Random(3);
        for (int i = 0; i < MUTANTS; i++) {
            check("e.tar.gz", mutant(seed, random));
        }
    }

    /** Behind an intact gzip layer, where its checksum protects nothing. */
    @Test
    void damagedTarFiles() throws IOException {
        byte[] seed;
        try (var in = new GZIPInputStream(Files.newInputStream(seed(ArchiveFormat.TGZ)))) {
            seed = in.readAllBytes();
        }
        Random random = new Random(4);
        for (int i = 0; i < MUTANTS; i++) {
            ByteArrayOutputStream packed = new ByteArrayOutputStream();
            try (GZIPOutputStream gzip = new GZIPOutputStream(packed)) {
                gzip.write(withChecksums(mutant(seed, random)));
            }
            check("e.tar.gz", packed.toByteArray());
        }
    }

    private void check(String name, byte[] bytes) throws IOException {
        Path archive = Files.write(directory.resolve(name), bytes);
        Path parent = Trees.fresh(directory, "parent");
        ArchiveReader reader = ArchiveReader.of(archive, ArchiveLimits.defaults());
        boolean isExtracted = true;
        try {
            reader.extractTo(parent.resolve("target"));
        } catch (ArchiveException refused) {
            isExtracted = false;
        }
        assertThat(parent.resolve("target").toFile().isDirectory()).isEqualTo(isExtracted);
        assertThat(parent.toFile().list()).hasSize(isExtracted ? 1 : 0);
        assertThat(directory.toFile().list()).isSubsetOf("in", "parent", name, "seed.mar", "seed.tar.gz");
        assertThat(reader.verify().stream().anyMatch(finding -> finding.rule().equals("structure")))
                .isEqualTo(!isExtracted);
    }

    private static byte[] mutant(byte[] seed, Random random) {
        byte[] mutant = seed.clone();
        int changes = 1 + random.nextInt(4);
        for (int i = 0; i < changes; i++) {
            int at = random.nextInt(mutant.length);
            switch (random.nextInt(5)) {
                case 0 -> mutant[at] ^= (byte) (1 << random.nextInt(8));
                case 1 -> mutant[at] = (byte) random.nextInt(256);
                case 2 -> mutant[at] = (byte) (random.nextBoolean() ? 0xff : 0);
                case 3 ->
                    System.arraycopy(
                            seed, random.nextInt(seed.length - at), mutant, at, Math.min(4, seed.length - at) / 4);
                default -> mutant[at] = (byte) "./\\0127LxgKSV".charAt(random.nextInt(13));
            }
        }
        return random.nextInt(10) == 0 ? Arrays.copyOf(mutant, random.nextInt(mutant.length)) : mutant;
    }

    /** Corrects header checksums so that damage gets past them. */
    private static byte[] withChecksums(byte[] tar) {
        for (int block = 0; block + 512 <= tar.length; block += 512) {
            if (tar[block + 257] == 'u' && tar[block + 258] == 's') {
                int sum = 8 * ' ';
                for (int i = 0; i < 512; i++) {
                    sum += (i >= 148 && i < 156) ? 0 : (tar[block + i] & 0xff);
                }
                byte[] text = String.format("%06o\0 ", sum).getBytes(StandardCharsets.US_ASCII);
                System.arraycopy(text, 0, tar, block + 148, 8);
            }
        }
        return tar;
    }
}
