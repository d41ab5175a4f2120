// SPDX-License-Identifier: Apache-2.0
package dev.sluice.archive;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.SortedMap;

/**
 * What goes into one archive, in writing order: the manifest, then the files by name.
 *
 * @param files by canonical name
 */
record PackedContents(Manifest manifest, SortedMap<String, Path> files) {

    /** What an archive format does with one file; {@code bytes} is its size, {@code copy} writes its content. */
    interface Sink {
        void add(String name, long bytes, Copy copy) throws IOException;
    }

    /** One file's content, which may be written more than once. */
    interface Copy {
        void to(OutputStream out) throws IOException;
    }

    void writeTo(Sink sink) throws IOException {
        byte[] json = ManifestJson.write(manifest);
        sink.add(Manifest.LOCATION, json.length, out -> out.write(json));
        for (var entry : files.entrySet()) {
            Path file = entry.getValue();
            sink.add(entry.getKey(), Files.size(file), out -> Files.copy(file, out));
        }
    }

    /** Lays everything out as a directory, which is made. */
    void copyTo(Path root) throws IOException {
        Files.createDirectory(root);
        writeTo((name, bytes, copy) -> {
            Path file = root.resolve(name);
            Path parent = file.getParent();
            Files.createDirectories(parent == null ? root : parent);
            try (OutputStream out = Files.newOutputStream(file)) {
                copy.to(out);
            }
        });
    }
}
