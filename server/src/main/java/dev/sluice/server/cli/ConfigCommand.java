// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.cli;

import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code sluice config}: says what settings there are, and where those of a server come from. */
@Command(
        name = "config",
        description = "Say what settings there are, and where those of a server would come from.",
        mixinStandardHelpOptions = true,
        synopsisSubcommandLabel = "VERB",
        footer = {
            "",
            "Examples:",
            "  sluice config explain -f config.properties",
            "  sluice config explain --models all inference_address",
            "  sluice config keys"
        })
final class ConfigCommand implements Runnable {
    @Spec
    @SuppressWarnings("NullAway.Init") // Set by the parser.
    private CommandSpec spec;

    static CommandLine create(Console console, ServerLauncher launcher) {
        return new CommandLine(new ConfigCommand())
                .addSubcommand(new ExplainSettings(console, launcher))
                .addSubcommand(new ListConfigKeys(console));
    }

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "no verb given");
    }
}
