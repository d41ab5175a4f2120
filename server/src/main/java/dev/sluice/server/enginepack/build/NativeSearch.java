// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.enginepack.build;

import dev.sluice.server.enginepack.MavenCoordinates;
import dev.sluice.server.enginepack.PackDescriptor.NativeFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;

/**
 * Finds out which entry of which jar each unpacked native library was, by its name, size and CRC: so whatever a module's POM
 * does to unpack them, the descriptor says the same.
 */
final class NativeSearch {
    private record Candidate(MavenCoordinates from, ZipEntry entry) {}

    private final Map<String, List<Candidate>> byName = new LinkedHashMap<>();

    /** @param sources the jars they may have come from */
    NativeSearch(Map<MavenCoordinates, Path> sources) throws IOException {
        for (Map.Entry<MavenCoordinates, Path> source : sources.entrySet()) {
            try (ZipFile zip = new ZipFile(source.getValue().toFile())) {
                for (ZipEntry entry : Collections.list(zip.entries())) {
                    byName.computeIfAbsent(lastPart(entry.getName()), name -> new ArrayList<>())
                            .add(new Candidate(source.getKey(), entry));
                }
            }
        }
    }

    /**
     * Where {@code file} came from.
     *
     * @param name its path below the native folder
     * @throws IOException if no jar has it
     */
    NativeFile source(String name, Path file) throws IOException {
        long size = Files.size(file);
        List<Candidate> candidates = byName.getOrDefault(lastPart(name), List.of()).stream()
                .filter(candidate -> candidate.entry().getSize() == size)
                .toList();
        // Read only if needed: half a gigabyte takes seconds.
        long crc = candidates.isEmpty() ? 0 : crc(file);
        Optional<Candidate> found = candidates.stream()
                .filter(candidate -> candidate.entry().getCrc() == crc)
                .findFirst();
        if (found.isEmpty()) {
            throw new IOException(file + " is in none of the artifacts its module unpacks (expected: in one of the"
                    + " artifactItems of its POM)");
        }
        return new NativeFile(found.get().from(), found.get().entry().getName(), name, size);
    }

    private static String lastPart(String name) {
        return name.substring(name.lastIndexOf('/') + 1);
    }

    private static long crc(Path file) throws IOException {
        CRC32 crc = new CRC32();
        byte[] buffer = new byte[1 << 16];
        try (var in = Files.newInputStream(file)) {
            for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
                crc.update(buffer, 0, count);
            }
        }
        return crc.getValue();
    }
}
