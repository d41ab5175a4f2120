// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.cli;

import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code sluice models unregister}. */
@Command(
        name = "unregister",
        description = "Remove a version of a model after its requests have been answered.",
        mixinStandardHelpOptions = true,
        footer = {
            "",
            "Example:",
            "  sluice models unregister digits 1.0",
            "",
            "The server must run with --enable-model-api."
        })
final class UnregisterModel implements Callable<Integer> {
    private final Console console;

    @Mixin
    private ManagementOptions server = new ManagementOptions();

    @Parameters(index = "0", paramLabel = "MODEL", description = "Name of the model.")
    private String model = "";

    @Parameters(index = "1", arity = "0..1", paramLabel = "VERSION", description = "The default version if left out.")
    private Optional<String> version = Optional.empty();

    UnregisterModel(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() {
        byte[] answer = server.client(console).call("DELETE", ModelPath.of(model, version));
        console.out().println(StatusLine.of(answer, server.isJson()));
        return SluiceCli.OK;
    }
}
