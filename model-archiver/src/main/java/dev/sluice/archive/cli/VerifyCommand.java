// SPDX-License-Identifier: Apache-2.0
package dev.sluice.archive.cli;

import dev.sluice.archive.ArchiveLimits;
import dev.sluice.archive.ArchiveReader;
import dev.sluice.archive.Finding;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/**
 * Checks an archive.
 *
 * <p><b>Threads:</b> its non-final fields are written by picocli on the thread that parses.
 */
@Command(
        name = "verify",
        description = "Reads every byte of an archive and checks that its manifest names a handler and files it has.",
        sortOptions = false,
        exitCodeListHeading = Reporting.EXIT_CODES_HEADING,
        exitCodeList = {
            " 0:no errors; there may be warnings",
            " 1:at least one error; each finding is a line on standard output",
            Reporting.USAGE
        },
        footer = {"", "Example:", "  ${COMMAND-FULL-NAME} digits.mar"})
final class VerifyCommand implements Callable<Integer> {
    private final ArchiveEnvironment environment;

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it before anything runs
    private CommandSpec spec;

    @Parameters(paramLabel = "FILE", description = "Archive or model directory.")
    private Path file = Path.of("");

    @Option(
            names = {"-h", "--help"},
            usageHelp = true,
            description = "Show this help and exit.")
    boolean help; // for picocli alone

    VerifyCommand(ArchiveEnvironment environment) {
        this.environment = environment;
    }

    @Override
    public Integer call() {
        ArchiveCommand.refuseFlagsBefore(spec);
        return Reporting.run(spec, () -> {
            List<Finding> findings = ArchiveReader.of(environment.resolve(file), ArchiveLimits.defaults())
                    .verify();
            PrintWriter out = spec.commandLine().getOut();
            findings.forEach(
                    finding -> out.println(finding.severity() + " " + finding.rule() + ": " + finding.message()));
            long errors = findings.stream().filter(Finding::isError).count();
            if (errors > 0) {
                Reporting.error(spec.commandLine().getErr(), file + " has " + errors + " errors (expected: none)");
                return 1;
            }
            return 0;
        });
    }
}
