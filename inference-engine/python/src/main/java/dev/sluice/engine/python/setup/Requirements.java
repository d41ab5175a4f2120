// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.python.setup;

import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.model.ModelSpec;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * The list of packages that a model needs.
 *
 * @param file the list itself, links followed
 * @param model the model's folder, links followed, from which relative paths count
 */
record Requirements(Path file, Path model) {
    /**
     * Those of {@code spec}; empty if it names none.
     *
     * @throws ServingException {@code INVALID_MODEL} if the file is not one of the model's own
     */
    static Optional<Requirements> of(ModelSpec spec) {
        return spec.files().requirementsFile().filter(name -> !name.isBlank()).map(name -> of(name, spec.files().root()));
    }

    private static Requirements of(String name, Path root) {
        try {
            Path model = root.toRealPath();
            Path file = model.resolve(name).toRealPath();
            if (file.startsWith(model) && Files.isRegularFile(file)) {
                return new Requirements(file, model);
            }
        } catch (IOException | InvalidPathException e) {
            throw new ServingException(ErrorCode.INVALID_MODEL, refusal(name), e);
        }
        throw new ServingException(ErrorCode.INVALID_MODEL, refusal(name));
    }

    private static String refusal(String name) {
        return "requirementsFile: " + name + " (expected: a file of the model)";
    }

    /**
     * All files of the model that decide what is installed, by their paths in it: the list, and what it or {@code options} name, such as
     * other lists and folders of wheels.
     */
    Map<String, Path> decisive(List<String> options) throws IOException {
        Map<String, Path> files = new TreeMap<>();
        Deque<Path> open = new ArrayDeque<>();
        open.add(file);
        options.stream().flatMap(this::named).forEach(open::add);
        while (!open.isEmpty()) {
            Path next = open.remove();
            if (Files.isDirectory(next)) {
                try (Stream<Path> below = Files.walk(next)) {
                    below.filter(Files::isRegularFile).forEach(it -> files.put(model.relativize(it).toString(), it));
                }
            } else if (files.put(model.relativize(next).toString(), next) == null && isList(next)) {
                Files.readString(next, StandardCharsets.ISO_8859_1).lines().flatMap(this::named).forEach(open::add);
            }
        }
        return files;
    }

    private static boolean isList(Path file) throws IOException {
        return Files.size(file) < 1 << 20 && !file.toString().endsWith(".whl");
    }

    /** What of the model's files a line speaks of. */
    private Stream<Path> named(String line) {
        return Arrays.stream(line.split("[\\s=@;\\[\\]\"']+"))
                .map(word -> word.startsWith("file:") ? word.substring("file:".length()) : word)
                .filter(word -> !word.isEmpty() && !word.equals(".") && !word.startsWith("/"))
                .flatMap(word -> located(word).stream());
    }

    private Optional<Path> located(String word) {
        try {
            // Relative to the list in pip's eyes, or else to the folder it is run in.
            Path beside = file.resolveSibling(word);
            Path found = Files.exists(beside) ? beside : model.resolve(word);
            Path real = found.toRealPath();
            return Optional.of(real).filter(path -> path.startsWith(model) && !path.equals(model));
        } catch (IOException | InvalidPathException e) {
            return Optional.empty();
        }
    }
}
