// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.testing;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

/** Names of all files in the folders of the home directory that native runtimes are known to litter. */
final class HomeListing {
    private static final List<String> SUSPECTS = List.of(
            ".djl.ai",
            ".cache/JNA",
            ".cache/Microsoft",
            ".cache/onnxruntime",
            ".cache/torch",
            ".onnxruntime",
            ".torch",
            ".javacpp");

    private HomeListing() {}

    static Set<String> take() {
        Path home = Path.of(System.getProperty("user.home"));
        Set<String> names = new TreeSet<>();
        for (String suspect : SUSPECTS) {
            Path folder = home.resolve(suspect);
            if (Files.exists(folder)) {
                names.addAll(below(folder));
            }
        }
        return names;
    }

    static Set<String> below(Path folder) {
        try (Stream<Path> files = Files.walk(folder)) {
            Set<String> names = new TreeSet<>();
            files.forEach(file -> names.add(file.toString()));
            return names;
        } catch (IOException e) {
            throw new AssertionError("cannot list " + folder, e);
        }
    }
}
