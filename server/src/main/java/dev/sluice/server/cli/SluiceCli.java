// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.cli;

import dev.sluice.archive.cli.ArchiveCommand;
import dev.sluice.archive.cli.ArchiveEnvironment;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.Spec;

/**
 * The command {@code sluice} with all its verbs.
 *
 * <p>Exit codes: 0 done; 1 it failed, or the server said no; 2 the command line or the configuration cannot be used; 3 no
 * server answers at the address.
 */
public final class SluiceCli {
    public static final int OK = 0;
    public static final int FAILED = 1;
    public static final int USAGE = 2;
    public static final int UNREACHABLE = 3;

    private SluiceCli() {}

    /** The command line of an installation that runs no Python handlers, ready to execute. */
    public static CommandLine create(Console console, ServerLauncher launcher) {
        return create(console, launcher, trial -> {
            throw new ServingException(ErrorCode.FAILED_PRECONDITION, "this installation runs no Python handlers");
        });
    }

    /** The command line, ready to execute. */
    public static CommandLine create(Console console, ServerLauncher launcher, HandlerRunner handlers) {
        CommandLine cli = new CommandLine(new Root())
                .addSubcommand(new ServeCommand(console, launcher))
                .addSubcommand(new DemoCommand(console, launcher))
                .addSubcommand(ModelsCommand.create(console))
                .addSubcommand(EnginesCommand.create(console))
                .addSubcommand(ConfigCommand.create(console, launcher))
                .addSubcommand(MigrateCommand.create(console, launcher))
                .addSubcommand(HandlerCommand.create(console, handlers))
                .addSubcommand(new PredictCommand(console))
                .addSubcommand(new HealthCommand(console));
        cli.getCommandSpec().versionProvider(version(console));
        cli.setOut(console.out());
        cli.setErr(console.err());
        cli.setExecutionExceptionHandler((failure, command, parsed) -> report(failure, console));
        cli.setParameterExceptionHandler(SluiceCli::refuse);
        cli.setColorScheme(CommandLine.Help.defaultColorScheme(CommandLine.Help.Ansi.OFF));
        // Mounted last: it has rules of its own, those of the original archiver, which the settings above would
        // replace.
        CommandLine archive = ArchiveCommand.commandLine(ArchiveEnvironment.of(console.environment()));
        return cli.addSubcommand("archive", archive.setOut(console.out()).setErr(console.err()));
    }

    private static IVersionProvider version(Console console) {
        return () -> new String[] {"sluice " + console.version()};
    }

    /** What failed, in one line; a defect of ours with its stack trace. */
    private static int report(Exception failure, Console console) {
        if (failure instanceof UnreachableException unreachable) {
            console.err().println("error: " + unreachable.explanation());
            return UNREACHABLE;
        }
        if (failure instanceof ServingException expected) {
            console.err().println("error: " + expected.safeMessage());
            return expected.code() == ErrorCode.INVALID_INPUT ? USAGE : FAILED;
        }
        failure.printStackTrace(console.err());
        return FAILED;
    }

    private static int refuse(ParameterException failure, String[] arguments) {
        CommandLine command = failure.getCommandLine();
        command.getErr().println("error: " + failure.getMessage());
        boolean suggested = CommandLine.UnmatchedArgumentException.printSuggestions(failure, command.getErr());
        if (!suggested) {
            command.getErr()
                    .println(
                            "Try '" + command.getCommandSpec().qualifiedName() + " --help' for the options there are.");
        }
        return USAGE;
    }

    @Command(
            name = "sluice",
            description = "A model server for the JVM.",
            mixinStandardHelpOptions = true,
            synopsisSubcommandLabel = "VERB",
            exitCodeListHeading = "%nExit codes:%n",
            exitCodeList = {
                "0:done",
                "1:it failed, or the server said no",
                "2:the command line or the configuration cannot be used",
                "3:no server answers at the address"
            },
            footer = {
                "",
                "Examples:",
                "  sluice demo",
                "  sluice serve --model-store models --models all",
                "  sluice predict digits digit-3.png",
                "  sluice models list",
                "  sluice engines list"
            })
    private static final class Root implements Runnable {
        @Spec
        @SuppressWarnings("NullAway.Init") // Set by the parser.
        private CommandSpec spec;

        @Override
        public void run() {
            ParseResult unused = spec.commandLine().getParseResult();
            throw new ParameterException(spec.commandLine(), "no verb given");
        }
    }
}
