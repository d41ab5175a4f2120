// SPDX-License-Identifier: Apache-2.0
package dev.sluice.archive.cli;

import dev.sluice.archive.ArchiveLimits;
import dev.sluice.archive.ArchiveReader;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/**
 * Unpacks an archive.
 *
 * <p><b>Threads:</b> its non-final fields are written by picocli on the thread that parses.
 */
@Command(
        name = "extract",
        description = "Unpacks an archive into a new directory: all of it, or nothing.",
        sortOptions = false,
        exitCodeListHeading = Reporting.EXIT_CODES_HEADING,
        exitCodeList = {Reporting.OK, Reporting.FAILED, Reporting.USAGE},
        footer = {"", "Example:", "  ${COMMAND-FULL-NAME} digits.mar digits"})
final class ExtractCommand implements Callable<Integer> {
    private final ArchiveEnvironment environment;

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it before anything runs
    private CommandSpec spec;

    @Parameters(index = "0", paramLabel = "FILE", description = "Archive or model directory.")
    private Path file = Path.of("");

    @Parameters(index = "1", paramLabel = "DIR", description = "Directory to make; its parent must exist.")
    private Path directory = Path.of("");

    @Option(
            names = {"-h", "--help"},
            usageHelp = true,
            description = "Show this help and exit.")
    boolean help; // for picocli alone

    ExtractCommand(ArchiveEnvironment environment) {
        this.environment = environment;
    }

    @Override
    public Integer call() {
        ArchiveCommand.refuseFlagsBefore(spec);
        return Reporting.run(spec, () -> {
            ArchiveReader.of(environment.resolve(file), ArchiveLimits.defaults())
                    .extractTo(environment.resolve(directory));
            return 0;
        });
    }
}
