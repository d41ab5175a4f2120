// SPDX-License-Identifier: Apache-2.0
package dev.sluice.blackbox;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/** Makes model archives with the command line archiver of the distribution. */
final class Archives {
    private Archives() {}

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
