// SPDX-License-Identifier: Apache-2.0
package dev.sluice.archive.cli;

import dev.sluice.archive.ModelPackager;
import dev.sluice.archive.PackageRequest;
import dev.sluice.archive.PackageResult;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/**
 * Packs a model.
 *
 * <p><b>Threads:</b> its non-final fields are written by picocli on the thread that parses.
 */
@Command(
        name = "create",
        description =
                "Packs a model into an archive TorchServe and Sluice can serve. The same files make the same bytes.",
        customSynopsis = {"${COMMAND-FULL-NAME} --model-name NAME --handler HANDLER", "       -v VERSION [OPTIONS]"},
        sortOptions = false,
        usageHelpAutoWidth = true,
        exitCodeListHeading = Reporting.EXIT_CODES_HEADING,
        exitCodeList = {Reporting.OK, Reporting.FAILED, Reporting.USAGE},
        footer = {
            "",
            "Dates in the archive come from the variable SOURCE_DATE_EPOCH when it is",
            "set, and are 01/01/1980 00:00:00 otherwise, so that packing the same files",
            "again gives the same archive.",
            "",
            "Examples:",
            "  ${COMMAND-FULL-NAME} --model-name digits \\",
            "      --serialized-file digits.pt --handler image_classifier \\",
            "      --extra-files index_to_name.json -v 1.0",
            "  ${COMMAND-FULL-NAME} --model-name echo \\",
            "      --handler src/echo:handle --archive-format tgz \\",
            "      --export-path model_store -c model-config.yaml -v 2 -f"
        })
final class CreateCommand implements Callable<Integer> {
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

    CreateCommand(ArchiveEnvironment environment) {
        this.environment = environment;
    }

    @Override
    public Integer call() {
        return create(spec, options, environment);
    }

    static int create(CommandSpec spec, CreateOptions options, ArchiveEnvironment environment) {
        return Reporting.run(spec, () -> {
            PackageRequest request = options.request();
            PackageResult result = new ModelPackager(
                            environment.workingDirectory(), environment.librarySuffix(), environment.timestamp())
                    .pack(request);
            result.warnings()
                    .forEach(warning -> Reporting.warning(spec.commandLine().getErr(), warning));
            return 0;
        });
    }
}
