// SPDX-License-Identifier: Apache-2.0
package dev.sluice.archive;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;

/** What tests ask of directories. */
final class Trees {
    private Trees() {}

    /** Every regular file below {@code root}, by name, with its bytes as Latin-1 text. */
    static Map<String, String> files(Path root) throws IOException {
        Map<String, String> files = new TreeMap<>();
        try (Stream<Path> all = Files.walk(root)) {
            for (Path file : all.filter(Files::isRegularFile).toList()) {
                files.put(
                        root.relativize(file).toString().replace('\\', '/'),
                        Files.readString(file, StandardCharsets.ISO_8859_1));
            }
        }
        return files;
    }

    /** Every name below {@code root}, of whatever kind. */
    static Set<String> names(Path root) throws IOException {
        try (Stream<Path> all = Files.walk(root)) {
            Set<String> names = new TreeSet<>();
            all.filter(path -> !path.equals(root))
                    .forEach(path -> names.add(root.relativize(path).toString()));
            return names;
        }
    }

    static Path write(Path file, String content) throws IOException {
        Files.createDirectories(file.getParent());
        return Files.writeString(file, content, StandardCharsets.ISO_8859_1);
    }

    /** A new empty directory below {@code parent}. */
    static Path fresh(Path parent, String name) throws IOException {
        Path directory = parent.resolve(name);
        if (Files.exists(directory, LinkOption.NOFOLLOW_LINKS)) {
            FileTree.delete(directory);
        }
        return Files.createDirectories(directory);
    }
}
