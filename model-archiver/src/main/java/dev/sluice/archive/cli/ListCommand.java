// SPDX-License-Identifier: Apache-2.0
package dev.sluice.archive.cli;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.sluice.archive.ArchiveEntry;
import dev.sluice.archive.ArchiveException;
import dev.sluice.archive.ArchiveLimits;
import dev.sluice.archive.ArchiveReader;
import dev.sluice.archive.Manifest;
import dev.sluice.archive.ManifestJson;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/**
 * Lists an archive's files and manifest.
 *
 * <p><b>Threads:</b> its non-final fields are written by picocli on the thread that parses.
 */
@Command(
        name = "list",
        description = "Lists the files of an archive or model directory, with their declared sizes.",
        sortOptions = false,
        exitCodeListHeading = Reporting.EXIT_CODES_HEADING,
        exitCodeList = {Reporting.OK, Reporting.FAILED, Reporting.USAGE},
        footer = {"", "Example:", "  ${COMMAND-FULL-NAME} digits.mar --json"})
final class ListCommand implements Callable<Integer> {
    private final ArchiveEnvironment environment;

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it before anything runs
    private CommandSpec spec;

    @Parameters(paramLabel = "FILE", description = "Archive or model directory.")
    private Path file = Path.of("");

    @Option(names = "--json", description = "Print one JSON object: archive, manifest (or null) and files.")
    private boolean json;

    @Option(
            names = {"-h", "--help"},
            usageHelp = true,
            description = "Show this help and exit.")
    boolean help; // for picocli alone

    ListCommand(ArchiveEnvironment environment) {
        this.environment = environment;
    }

    @Override
    public Integer call() {
        ArchiveCommand.refuseFlagsBefore(spec);
        return Reporting.run(spec, () -> {
            ArchiveReader reader = ArchiveReader.of(environment.resolve(file), ArchiveLimits.defaults());
            List<ArchiveEntry> entries = reader.entries();
            PrintWriter out = spec.commandLine().getOut();
            if (json) {
                out.println(asJson(entries, reader.findManifest()));
            } else {
                entries.forEach(entry -> out.printf("%14d  %s%n", entry.bytes(), entry.name()));
            }
            return 0;
        });
    }

    private String asJson(List<ArchiveEntry> entries, Optional<Manifest> manifest) {
        JsonMapper mapper = new JsonMapper();
        try {
            ObjectNode root = mapper.createObjectNode().put("archive", file.toString());
            byte @Nullable [] written = manifest.map(ManifestJson::write).orElse(null);
            root.set("manifest", written == null ? mapper.nullNode() : mapper.readTree(written));
            root.set("files", mapper.valueToTree(entries));
            return mapper.writerWithDefaultPrettyPrinter().writeValueAsString(root);
        } catch (IOException e) {
            throw new ArchiveException("listing cannot be written as JSON", e);
        }
    }
}
