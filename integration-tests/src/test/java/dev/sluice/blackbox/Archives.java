// SPDX-License-Identifier: Apache-2.0
package dev.sluice.blackbox;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/** Makes model archives with the command line archiver of the distribution. */
final class Archives {
    private Archives() {}

    /**
     * Packs version 1.0 into {@code folder/store}.
     *
     * @param configuration YAML, which is kept in {@code folder}
     * @param files the model, and what goes beside it; none for a handler that needs no model
     */
    static Path pack(Path folder, String name, String handler, String configuration, Path... files)
            throws IOException, InterruptedException {
        Path config = Files.writeString(folder.resolve(name + ".yaml"), configuration);
        List<Path> serialized = List.of(files).subList(0, Math.min(1, files.length));
        List<Path> extras = List.of(files).subList(serialized.size(), files.length);
        return pack(folder.resolve("store"), name, "1.0", handler, config, serialized, extras);
    }

    /**
     * Packs {@code name.mar} into {@code store}.
     *
     * @param serialized the model's file or folder; none for a handler that needs no model
     * @param extras files, and directories whose content is packed
     */
    static Path pack(
            Path store,
            String name,
            String version,
            String handler,
            Path configuration,
            List<Path> serialized,
            List<Path> extras)
            throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(
                Distribution.root().resolve("bin/sluice").toString(),
                "archive",
                "--model-name",
                name,
                "--version",
                version,
                "--handler",
                handler,
                "--config-file",
                configuration.toString(),
                "--export-path",
                store.toString()));
        serialized.forEach(model -> command.addAll(List.of("--serialized-file", model.toString())));
        if (!extras.isEmpty()) {
            command.add("--extra-files");
            command.add(extras.stream().map(Path::toString).collect(Collectors.joining(",")));
        }
        int exit = new ProcessBuilder(command).inheritIO().start().waitFor();
        if (exit != 0) {
            throw new IllegalStateException("sluice archive ended with " + exit);
        }
        return store.resolve(name + ".mar");
    }
}
