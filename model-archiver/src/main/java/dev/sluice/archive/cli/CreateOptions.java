// SPDX-License-Identifier: Apache-2.0
package dev.sluice.archive.cli;

import dev.sluice.archive.ArchiveFormat;
import dev.sluice.archive.Manifest;
import dev.sluice.archive.ModelInputs;
import dev.sluice.archive.PackageRequest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * The flags of {@code torch-model-archiver}, name by name.
 *
 * <p><b>Threads:</b> all fields are written by picocli on the thread that parses.
 *
 * <p>Source: torchserve.md section 6.5. None is required as far as picocli knows, because {@code archive list} must not
 * ask for them; {@link #request} does.
 */
final class CreateOptions {
    @Spec(Spec.Target.MIXEE)
    @Nullable
    CommandSpec spec;

    @Option(
            names = "--model-name",
            paramLabel = "NAME",
            description =
                    "Required. Name of the model, and of the archive before its suffix: letters, digits, \"_\", \"-\", "
                            + "\".\", beginning with a letter or digit.")
    @Nullable
    String modelName;

    @Option(
            names = "--handler",
            paramLabel = "HANDLER",
            description =
                    "Required. A built-in handler, a Python file (.py may be left out), FILE:FUNCTION, or a Java class in a "
                            + "jar of --extra-files.")
    @Nullable
    String handler;

    @Option(
            names = {"-v", "--version"},
            paramLabel = "VERSION",
            description = "Required. Version of the model, free text.")
    @Nullable
    String version;

    @Option(
            names = "--serialized-file",
            paramLabel = "FILE",
            description = "Weights, script module or graph; a folder for formats that are one, such as a SavedModel.")
    String serializedFile = "";

    @Option(names = "--model-file", paramLabel = "FILE", description = "Python file with the model's one class.")
    String modelFile = "";

    @Option(
            names = "--extra-files",
            paramLabel = "LIST",
            description =
                    "More files, separated by commas: files, patterns with * ? [ ], and directories, whose content is "
                            + "taken without the directory's own name.")
    String extraFiles = "";

    @Option(
            names = "--runtime",
            paramLabel = "RUNTIME",
            description = "python, python3 or LSP. Default: ${DEFAULT-VALUE}.")
    String runtime = Manifest.DEFAULT_RUNTIME;

    @Option(
            names = "--export-path",
            paramLabel = "DIR",
            description = "Existing directory the archive goes to. Default: the working directory.")
    String exportPath = "";

    @Option(
            names = "--archive-format",
            paramLabel = "FORMAT",
            description =
                    "default (zip, .mar), zip-store (zip without compression, .mar), tgz (.tar.gz) or no-archive (a "
                            + "directory). Default: ${DEFAULT-VALUE}.")
    String archiveFormat = ArchiveFormat.DEFAULT.flag();

    @Option(
            names = {"-f", "--force"},
            description = "Overwrite an existing archive.")
    boolean force;

    @Option(
            names = {"-r", "--requirements-file"},
            paramLabel = "FILE",
            description = "requirements.txt with the model's own Python packages.")
    String requirementsFile = "";

    @Option(
            names = {"-c", "--config-file"},
            paramLabel = "FILE",
            description = "YAML file with the model's configuration.")
    String configFile = "";

    /**
     * The wish these flags express.
     *
     * @throws ParameterException if a flag is missing or has no such choice
     */
    PackageRequest request() {
        List<String> missing = new ArrayList<>();
        String name = required(modelName, "--model-name", missing);
        String chosenHandler = required(handler, "--handler", missing);
        String chosenVersion = required(version, "-v/--version", missing);
        if (!missing.isEmpty()) {
            throw usage("missing required flags: " + String.join(", ", missing));
        }
        if (!Manifest.RUNTIMES.contains(runtime)) {
            throw usage("--runtime: '" + runtime + "' (expected: one of " + Manifest.RUNTIMES + ")");
        }
        ArchiveFormat format = ArchiveFormat.ofFlag(archiveFormat)
                .orElseThrow(
                        () -> usage("--archive-format: '" + archiveFormat + "' (expected: one of " + formats() + ")"));
        ModelInputs inputs = new ModelInputs(
                chosenHandler,
                given(serializedFile),
                given(modelFile),
                given(extraFiles),
                given(requirementsFile),
                given(configFile));
        return new PackageRequest(name, chosenVersion, runtime, inputs, exportPath, format, force);
    }

    private static String required(@Nullable String value, String flag, List<String> missing) {
        if (value == null) {
            missing.add(flag);
            return "";
        }
        return value;
    }

    private static Optional<String> given(String value) {
        return Optional.of(value).filter(path -> !path.isEmpty());
    }

    private static List<String> formats() {
        return Arrays.stream(ArchiveFormat.values()).map(ArchiveFormat::flag).toList();
    }

    private ParameterException usage(String message) {
        if (spec == null) {
            throw new IllegalStateException("flags are used outside a command");
        }
        return new ParameterException(spec.commandLine(), message);
    }
}
