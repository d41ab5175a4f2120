// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.enginepack.build;

import dev.sluice.server.enginepack.Checksums;
import java.io.IOException;
import java.io.Reader;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Properties;

/**
 * Checksums of files that have not changed since the last build, by path, size and time: most of a gigabyte of libraries is
 * not read at each build.
 */
final class ChecksumCache {
    private final Path file;
    private final Properties known = new Properties();
    private final Properties used = new Properties();

    ChecksumCache(Path file) throws IOException {
        this.file = file;
        if (Files.exists(file)) {
            try (Reader reader = Files.newBufferedReader(file)) {
                known.load(reader);
            }
        }
    }

    String sum(Path path) throws IOException {
        Path real = path.toRealPath();
        String key = real + "|" + Files.size(real) + "|" + Files.getLastModifiedTime(real);
        String sum = known.getProperty(key);
        if (sum == null) {
            sum = Checksums.of(real);
        }
        used.setProperty(key, sum);
        return sum;
    }

    void save() throws IOException {
        try (Writer writer = Files.newBufferedWriter(file)) {
            used.store(writer, null);
        }
    }
}
