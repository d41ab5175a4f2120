// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.cli;

import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code sluice migrate}: looks at set-ups of other servers. */
@Command(
        name = "migrate",
        description = "Look at the set-up of another server and say what of it holds here.",
        mixinStandardHelpOptions = true,
        synopsisSubcommandLabel = "SERVER",
        footer = {"", "Examples:", "  sluice migrate torchserve /srv/torchserve"})
final class MigrateCommand implements Runnable {
    @Spec
    @SuppressWarnings("NullAway.Init") // Set by the parser.
    private CommandSpec spec;

    static CommandLine create(Console console, ServerLauncher launcher) {
        return new CommandLine(new MigrateCommand()).addSubcommand(new MigrateTorchServe(console, launcher));
    }

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "no server named");
    }
}
