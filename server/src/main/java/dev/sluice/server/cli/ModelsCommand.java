// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.cli;

import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code sluice models}: looks at and changes the models of a running server. */
@Command(
        name = "models",
        description = "Look at and change the models of a running server.",
        mixinStandardHelpOptions = true,
        synopsisSubcommandLabel = "VERB",
        footer = {
            "",
            "Examples:",
            "  sluice models list",
            "  sluice models describe digits",
            "  sluice models register digits.mar --workers 2",
            "  sluice models scale digits --min 1 --max 4",
            "  sluice models set-default digits 2.0",
            "  sluice models unregister digits 1.0"
        })
final class ModelsCommand implements Runnable {
    @Spec
    @SuppressWarnings("NullAway.Init") // Set by the parser.
    private CommandSpec spec;

    static CommandLine create(Console console) {
        return new CommandLine(new ModelsCommand())
                .addSubcommand(new ListModels(console))
                .addSubcommand(new DescribeModel(console))
                .addSubcommand(new RegisterModelCommand(console))
                .addSubcommand(new ScaleModel(console))
                .addSubcommand(new SetDefaultVersion(console))
                .addSubcommand(new UnregisterModel(console));
    }

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "no verb given");
    }
}
