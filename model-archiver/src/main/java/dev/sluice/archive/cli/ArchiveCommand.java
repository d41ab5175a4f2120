// SPDX-License-Identifier: Apache-2.0
package dev.sluice.archive.cli;

import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/**
 * The command {@code archive}: packs a model when given the flags of {@code create}, or lists, extracts or verifies an
 * archive. Another command line mounts it with
 * {@code parent.addSubcommand("archive", ArchiveCommand.commandLine(environment))}; it prints to the writers of that
 * command line and never ends the process.
 *
 * <p><b>Threads:</b> its non-final fields are written by picocli on the thread that parses.
 */
@Command(
        name = "archive",
        description = "Makes and inspects model archives. With the flags below it packs a model, as \"create\" does.",
        customSynopsis = {
            "${COMMAND-FULL-NAME} --model-name NAME --handler HANDLER",
            "       -v VERSION [OPTIONS]",
            "       ${COMMAND-FULL-NAME} (create|list|extract|verify) ..."
        },
        sortOptions = false,
        usageHelpAutoWidth = true,
        exitCodeListHeading = Reporting.EXIT_CODES_HEADING,
        exitCodeList = {Reporting.OK, Reporting.FAILED, Reporting.USAGE},
        footer = {
            "",
            "Examples:",
            "  ${COMMAND-FULL-NAME} --model-name digits --serialized-file digits.pt \\",
            "      --handler image_classifier -v 1.0",
            "  ${COMMAND-FULL-NAME} list digits.mar --json",
            "  ${COMMAND-FULL-NAME} verify digits.mar && ${COMMAND-FULL-NAME} extract digits.mar digits"
        })
public final class ArchiveCommand implements Callable<Integer> {
    private final ArchiveEnvironment environment;

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it before anything runs
    private CommandSpec spec;

    @Mixin
    private CreateOptions options = new CreateOptions();

    @Option(
            names = {"-h", "--help"},
            usageHelp = true,
            description = "Show this help and exit.")
    boolean help; // for picocli alone

    public ArchiveCommand(ArchiveEnvironment environment) {
        this.environment = environment;
    }

    /** This command with its subcommands and the parsing rules of the original, ready to run or to be mounted. */
    public static CommandLine commandLine(ArchiveEnvironment environment) {
        return configured(new CommandLine(new ArchiveCommand(environment))
                .addSubcommand("create", new CreateCommand(environment))
                .addSubcommand("list", new ListCommand(environment))
                .addSubcommand("extract", new ExtractCommand(environment))
                .addSubcommand("verify", new VerifyCommand(environment)));
    }

    /** As the original's parser: flags may be shortened, the last of several wins, and {@code @} begins no file. */
    static CommandLine configured(CommandLine commandLine) {
        return commandLine
                .setAbbreviatedOptionsAllowed(true)
                .setOverwrittenOptionsAllowed(true)
                .setExpandAtFiles(false)
                .setParameterExceptionHandler(Reporting::wrongArguments);
    }

    /** Refuses {@code archive --force extract ...}, where the flags of {@code archive} would be ignored. */
    static void refuseFlagsBefore(CommandSpec subcommand) {
        CommandLine parent = subcommand.commandLine().getParent();
        if (parent != null && !parent.getParseResult().matchedOptions().isEmpty()) {
            String flag = parent.getParseResult().matchedOptions().get(0).longestName();
            throw new CommandLine.ParameterException(
                    subcommand.commandLine(), flag + " before " + subcommand.name() + " (expected: nothing)");
        }
    }

    @Override
    public Integer call() {
        return CreateCommand.create(spec, options, environment);
    }
}
