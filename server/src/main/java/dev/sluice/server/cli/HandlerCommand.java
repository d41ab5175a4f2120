// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.cli;

import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code sluice handler}: what helps to write Python handlers. */
@Command(
        name = "handler",
        description = "Try a Python handler without a server.",
        mixinStandardHelpOptions = true,
        synopsisSubcommandLabel = "VERB",
        footer = {"", "Examples:", "  sluice handler run digits.mar --input digit-3.png"})
final class HandlerCommand implements Runnable {
    @Spec
    @SuppressWarnings("NullAway.Init") // Set by the parser.
    private CommandSpec spec;

    static CommandLine create(Console console, HandlerRunner runner) {
        return new CommandLine(new HandlerCommand()).addSubcommand(new RunHandler(console, runner));
    }

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "no verb given");
    }
}
