// SPDX-License-Identifier: Apache-2.0
package dev.sluice.archive;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * The files of one archive in the making: which file gets which name. The original lets a later file silently replace an
 * earlier one of the same name; here two files that differ are refused.
 *
 * <p><b>Threads:</b> confined to the call that packs.
 */
final class InputCollector {
    private final Path workingDirectory;
    private final Path target;
    private final List<String> warnings;
    private final TreeMap<String, Path> files = new TreeMap<>();

    /** @param target what is being made: left out when it lies inside an input, so that no archive swallows itself */
    InputCollector(Path workingDirectory, Path target, List<String> warnings) {
        this.workingDirectory = workingDirectory;
        this.target = target;
        this.warnings = warnings;
    }

    Map<String, Path> files() {
        return Collections.unmodifiableMap(files);
    }

    /** The name a file or folder gets in the archive: the last component of its path. */
    static String baseName(String path) {
        String trimmed = path.endsWith("/") ? path.substring(0, path.length() - 1) : path;
        return trimmed.substring(trimmed.lastIndexOf('/') + 1);
    }

    /** Whether there is a jar among what was taken, at the place where servers look for a handler's code. */
    boolean hasJar() {
        return files.keySet().stream().anyMatch(JavaArchives::isHandlerJar);
    }

    /** Takes the one file that {@code flag} names. */
    void addFile(String flag, Optional<String> path) throws IOException {
        if (path.isPresent()) {
            Path file = workingDirectory.resolve(path.get()).normalize();
            if (!Files.isRegularFile(file)) {
                throw new ArchiveException(
                        flag + ": " + Quoted.of(path.get()) + " (expected: an existing file)",
                        flag.equals("--handler")
                                ? "Name a built-in handler, a Python file, file:function without the suffix, or a Java class"
                                        + " with its jar in --extra-files."
                                : "Check the path given with " + flag + ".");
            }
            put(baseName(path.get()), file);
        }
    }

    /**
     * Takes the one file that {@code flag} names, or the folder with all that is in it, under its own name. The original takes
     * files only, but some formats are folders. What a link in it points to outside of it is no part of the model.
     */
    void addFileOrFolder(String flag, Optional<String> path) throws IOException {
        Optional<Path> folder =
                path.map(named -> workingDirectory.resolve(named).normalize()).filter(Files::isDirectory);
        if (folder.isEmpty()) {
            addFile(flag, path);
            return;
        }
        String name = path.map(InputCollector::baseName).orElse("");
        if (name.isEmpty() || name.equals(".") || name.equals("..")) {
            throw new ArchiveException(
                    flag + ": " + Quoted.of(path.orElse("")) + " (expected: a file, or a folder by its name)",
                    "Name the folder itself, as seen from the one it lies in.");
        }
        int before = files.size();
        addDirectory(new Source(flag, Optional.of(folder.get().toRealPath())), folder.get(), name + "/", 0);
        if (files.size() == before) {
            throw new ArchiveException(flag + ": " + Quoted.of(path.orElse(""))
                    + " is an empty folder (expected: a file, or a folder with files)");
        }
    }

    /** Takes what a comma-separated list names: files, patterns, and directories, whose content is taken flat. */
    void addExtras(Optional<String> list) throws IOException {
        for (String item : list.orElse("").split(",", -1)) {
            String path = item.strip();
            if (!path.isEmpty()) {
                addExtra(path);
            }
        }
    }

    private void addExtra(String path) throws IOException {
        Path literal = workingDirectory.resolve(path).normalize();
        List<Path> matches = Files.exists(literal)
                ? List.of(literal)
                : FilePattern.isPattern(path) ? FilePattern.matches(workingDirectory, path) : List.of();
        if (matches.isEmpty() && !FilePattern.isPattern(path)) {
            throw new ArchiveException(
                    "--extra-files: " + Quoted.of(path) + " (expected: an existing file, directory or pattern)",
                    "Check the path; several are separated by commas.");
        }
        if (matches.isEmpty()) {
            warnings.add("--extra-files: pattern " + Quoted.of(path) + " matches no file");
        }
        for (Path match : matches) {
            if (Files.isDirectory(match)) {
                addDirectory(new Source("--extra-files", Optional.empty()), match, "", 0);
            } else {
                put(String.valueOf(match.getFileName()), match);
            }
        }
    }

    /**
     * Where directories come from.
     *
     * @param flag that named it
     * @param bounds what links must not lead out of
     */
    private record Source(String flag, Optional<Path> bounds) {
        void check(Path child) throws IOException {
            if (bounds.isPresent() && !child.toRealPath().startsWith(bounds.get())) {
                throw new ArchiveException(
                        flag + ": " + Quoted.of(child.toString()) + " is a link out of the folder (expected: none)",
                        "Put what it points to into the folder, or leave it out.");
            }
        }
    }

    private void addDirectory(Source source, Path directory, String prefix, int depth) throws IOException {
        if (depth > ArchiveLimits.defaults().depth()) {
            throw new ArchiveException(
                    source.flag + ": " + Quoted.of(directory.toString()) + " is nested too deeply, or links to itself");
        }
        for (Path child : children(directory)) {
            String name = prefix + child.getFileName();
            source.check(child);
            if (child.equals(target)) {
                warnings.add("leaving out " + target + ", which is what is being made");
            } else if (!Files.isDirectory(child)) {
                put(name, child);
            } else if (!SkippedDirectories.skips(child)) {
                addDirectory(source, child, name + "/", depth + 1);
            }
        }
    }

    private static List<Path> children(Path directory) throws IOException {
        try (Stream<Path> children = Files.list(directory)) {
            return children.sorted().toList();
        }
    }

    private void put(String name, Path file) throws IOException {
        if (!Files.isRegularFile(file)) {
            throw new ArchiveException(
                    "input " + Quoted.of(file.toString()) + " is no file (expected: a regular file)");
        }
        if (file.startsWith(target)) {
            throw new ArchiveException(
                    "input " + Quoted.of(file.toString()) + " lies in what is being overwritten",
                    "Copy the inputs elsewhere, or choose another --export-path.");
        }
        if (name.equals(Manifest.LOCATION)) {
            warnings.add("leaving out " + file + ": the archive gets its own manifest");
            return;
        }
        Path earlier = files.putIfAbsent(name, file);
        if (earlier != null && Files.mismatch(earlier, file) >= 0) {
            throw new ArchiveException(
                    "two different files would both be named " + Quoted.of(name) + ": " + earlier + " and " + file,
                    "Rename one of them, or leave one out.");
        }
    }
}
