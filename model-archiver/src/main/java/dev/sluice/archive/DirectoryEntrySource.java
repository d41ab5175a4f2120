// SPDX-License-Identifier: Apache-2.0
package dev.sluice.archive;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.List;
import java.util.stream.Stream;

/**
 * A model directory, read in place. Links are followed while they stay inside it, as a mounted Kubernetes volume needs;
 * directories that the archiver skips are skipped here too.
 */
final class DirectoryEntrySource implements EntrySource {
    private final Path root;

    DirectoryEntrySource(Path root) {
        this.root = root;
    }

    @Override
    public void read(EntryLedger ledger, Visitor visitor) throws IOException {
        walk(root, "", root.toRealPath(), ledger, visitor);
    }

    /** The depth limit bounds the recursion, loops of links included. */
    private static boolean walk(Path directory, String prefix, Path realRoot, EntryLedger ledger, Visitor visitor)
            throws IOException {
        for (Path child : children(directory)) {
            String name = prefix + child.getFileName();
            if (Files.isDirectory(child) && SkippedDirectories.skips(child)) {
                continue;
            }
            ledger.countEntry();
            checkContained(child, name, realRoot);
            if (Files.isDirectory(child)) {
                visitor.directory(ledger.admitDirectory(name));
                if (!walk(child, name + "/", realRoot, ledger, visitor)) {
                    return false;
                }
            } else if (!visitFile(child, ledger.admitFile(name), ledger, visitor)) {
                return false;
            }
        }
        return true;
    }

    private static List<Path> children(Path directory) throws IOException {
        try (Stream<Path> children = Files.list(directory)) {
            return children.sorted().toList();
        }
    }

    private static void checkContained(Path child, String name, Path realRoot) throws IOException {
        if (!child.toRealPath().startsWith(realRoot)) {
            throw EntryNames.refused(name, "links to something outside the model directory");
        }
    }

    private static boolean visitFile(Path file, String name, EntryLedger ledger, Visitor visitor) throws IOException {
        BasicFileAttributes attributes = Files.readAttributes(file, BasicFileAttributes.class);
        if (!attributes.isRegularFile()) {
            throw EntryNames.refused(name, "is a special file (expected: files and directories)");
        }
        try (InputStream in = new CountedStream(Files.newInputStream(file), ledger, name)) {
            return visitor.file(name, attributes.size(), in);
        }
    }
}
