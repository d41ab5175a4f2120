// SPDX-License-Identifier: Apache-2.0
package dev.sluice.archive;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;

/** One unpacking: into a directory of our own, then renamed into place, or removed. */
final class Extraction implements EntrySource.Visitor {
    private final Path root;

    private Extraction(Path root) {
        this.root = root;
    }

    static void run(EntrySource source, EntryLedger ledger, Path target) throws IOException {
        Path parent = target.getParent();
        if (Files.exists(target, LinkOption.NOFOLLOW_LINKS)) {
            throw new ArchiveException(
                    "target " + Quoted.of(String.valueOf(target.getFileName()))
                            + " exists already (expected: a new directory)",
                    "Name a directory that does not exist yet.");
        }
        if (parent == null || !Files.isDirectory(parent)) {
            throw new ArchiveException(
                    "target's parent is no directory (expected: an existing one)",
                    "Create the parent directory first.");
        }
        Path fresh = Files.createTempDirectory(parent, "." + target.getFileName() + ".");
        try {
            source.read(ledger, new Extraction(fresh));
            Files.move(fresh, target, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException | RuntimeException e) {
            FileTree.deleteAfter(e, fresh);
            throw e;
        }
    }

    @Override
    public boolean file(String name, long bytes, InputStream content) throws IOException {
        Path file = inside(name);
        Files.createDirectories(parent(file));
        try (var out = Files.newOutputStream(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            content.transferTo(out);
        }
        return true;
    }

    @Override
    public void directory(String name) throws IOException {
        if (!name.isEmpty()) {
            Files.createDirectories(inside(name));
        }
    }

    /** The ledger has refused every name that could leave; this is the second lock, on the path itself. */
    private Path inside(String name) {
        Path file = root.resolve(name).normalize();
        // Path.startsWith compares whole components, so "/a/bc" is not inside "/a/b".
        if (!file.startsWith(root) || file.equals(root)) {
            throw EntryNames.refused(name, "leaves the target directory");
        }
        return file;
    }

    private Path parent(Path file) {
        Path parent = file.getParent();
        return parent == null ? root : parent;
    }
}
