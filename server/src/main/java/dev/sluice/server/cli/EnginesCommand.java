// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.cli;

import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code sluice engines}: looks at, adds and removes engine packs of this installation. */
@Command(
        name = "engines",
        description = "Look at, add, test and remove the engines of this installation.",
        mixinStandardHelpOptions = true,
        synopsisSubcommandLabel = "VERB",
        footer = {
            "",
            "Examples:",
            "  sluice engines list",
            "  sluice engines add pytorch",
            "  sluice engines add pytorch --from https://repository.example.com/maven2",
            "  sluice engines test",
            "  sluice engines remove pytorch"
        })
final class EnginesCommand implements Runnable {
    @Spec
    @SuppressWarnings("NullAway.Init") // Set by the parser.
    private CommandSpec spec;

    static CommandLine create(Console console) {
        return new CommandLine(new EnginesCommand())
                .addSubcommand(new ListEngines(console))
                .addSubcommand(new AddEngine(console))
                .addSubcommand(new TestEngines(console))
                .addSubcommand(new RemoveEngine(console))
                .addSubcommand(new TryEngine(console));
    }

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "no verb given");
    }
}
