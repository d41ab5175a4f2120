// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.cli;

import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code sluice models set-default}. */
@Command(
        name = "set-default",
        description = "Choose the version that answers when callers name none.",
        mixinStandardHelpOptions = true,
        footer = {"", "Example:", "  sluice models set-default digits 2.0"})
final class SetDefaultVersion implements Callable<Integer> {
    private final Console console;

    @Mixin
    private ManagementOptions server = new ManagementOptions();

    @Parameters(index = "0", paramLabel = "MODEL", description = "Name of the model.")
    private String model = "";

    @Parameters(index = "1", paramLabel = "VERSION", description = "A registered version.")
    private String version = "";

    SetDefaultVersion(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() {
        byte[] answer = server.client(console).call("PUT", ModelPath.of(model, Optional.of(version)) + "/set-default");
        console.out().println(StatusLine.of(answer, server.isJson()));
        return SluiceCli.OK;
    }
}
