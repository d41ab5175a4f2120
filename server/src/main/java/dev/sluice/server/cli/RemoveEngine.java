// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.cli;

import dev.sluice.server.enginepack.install.PackInstaller;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code sluice engines remove}. */
@Command(
        name = "remove",
        description = "Remove an engine pack. A server that runs its models keeps it until it stops.",
        mixinStandardHelpOptions = true,
        footer = {"", "Example:", "  sluice engines remove pytorch"})
final class RemoveEngine implements Callable<Integer> {
    private final Console console;

    @Parameters(paramLabel = "ID", description = "The pack, as 'sluice engines list' names it.")
    private String id = "";

    @Mixin
    private EnginesOptions engines = new EnginesOptions();

    RemoveEngine(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() {
        PackInstaller installer =
                new PackInstaller(engines.directory(console), console.packs().platform(), console.out()::println);
        installer.remove(id, engines.survey(console).installed());
        console.out().println(id + " is removed.");
        return SluiceCli.OK;
    }
}
