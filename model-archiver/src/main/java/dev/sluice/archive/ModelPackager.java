// SPDX-License-Identifier: Apache-2.0
package dev.sluice.archive;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A maker of model archives from loose files, by the rules of the original archiver. Inputs are read where they are; no
 * staging directory is used.
 *
 * <p><b>Threads:</b> safe from any thread. <b>Errors:</b> only {@link ArchiveException}.
 *
 * <p>Source: torchserve.md section 6.5.
 */
public final class ModelPackager {
    /**
     * The time an archive is dated when the caller has none to give: a constant, so that the same files always make the
     * same bytes.
     */
    public static final Instant DEFAULT_TIMESTAMP = Instant.parse("1980-01-01T00:00:00Z");

    private final Path workingDirectory;
    private final String librarySuffix;
    private final Instant timestamp;

    /**
     * A packager for one working directory.
     *
     * @param librarySuffix suffix of shared libraries here, such as {@code .so}, for handlers of the {@code LSP} runtime
     * @param timestamp written as the manifest's creation time and as the time of every entry
     */
    public ModelPackager(Path workingDirectory, String librarySuffix, Instant timestamp) {
        this.workingDirectory = workingDirectory.toAbsolutePath().normalize();
        this.librarySuffix = librarySuffix;
        this.timestamp = timestamp;
    }

    /** Makes the archive, or nothing. */
    public PackageResult pack(PackageRequest request) {
        List<String> warnings = new ArrayList<>();
        try {
            Path target = target(request, warnings);
            Map<String, Path> files = collect(request, target, warnings);
            warnAboutLimits(files, warnings);
            new ArchiveWriter(request.format(), timestamp).write(target, request.modelName(), manifest(request), files);
            return new PackageResult(target, warnings);
        } catch (IOException | UncheckedIOException e) {
            throw new ArchiveException("cannot read the inputs: " + e.getMessage(), e);
        } catch (InvalidPathException e) {
            throw new ArchiveException("path: " + Quoted.of(e.getInput()) + " (expected: a valid path)", e);
        }
    }

    private Path target(PackageRequest request, List<String> warnings) {
        Path directory = workingDirectory.resolve(request.exportPath()).normalize();
        if (!Files.isDirectory(directory)) {
            throw new ArchiveException(
                    "export path: " + Quoted.of(request.exportPath()) + " (expected: an existing directory)",
                    "Create the directory, or name another one with --export-path.");
        }
        Path target = directory.resolve(request.modelName() + request.format().suffix());
        if (Files.exists(target, LinkOption.NOFOLLOW_LINKS)) {
            checkReplaceable(target, request);
            warnings.add("Overwriting " + target + " ...");
        }
        return target;
    }

    /** Forcing replaces an archive by an archive and a model directory by a model directory, never anything else. */
    private static void checkReplaceable(Path target, PackageRequest request) {
        if (!request.force()) {
            throw new ArchiveException(
                    target + " already exists (expected: a new archive)",
                    "Add --force or -f to overwrite it, or choose another --export-path.");
        }
        boolean wantsDirectory = request.format() == ArchiveFormat.NO_ARCHIVE;
        if (Files.isDirectory(target, LinkOption.NOFOLLOW_LINKS) != wantsDirectory) {
            throw new ArchiveException(
                    target + " exists and is " + (wantsDirectory ? "no directory" : "a directory")
                            + " (expected: something of the kind that is written)",
                    "Remove it, or choose another --export-path.");
        }
        if (wantsDirectory && !Files.isRegularFile(target.resolve(Manifest.LOCATION))) {
            throw new ArchiveException(
                    target + " is a directory without " + Manifest.LOCATION
                            + " (expected: a model directory to overwrite)",
                    "Remove it, or choose another --export-path.");
        }
    }

    private Map<String, Path> collect(PackageRequest request, Path target, List<String> warnings) throws IOException {
        ModelInputs inputs = request.inputs();
        InputCollector collector = new InputCollector(workingDirectory, target, warnings);
        collector.addFile("--model-file", inputs.modelFile());
        collector.addFileOrFolder("--serialized-file", inputs.serializedFile());
        collector.addExtras(inputs.extraFiles());
        collector.addFile("--handler", handlerFile(inputs.handler(), request.runtime(), collector.hasJar()));
        collector.addFile("--requirements-file", inputs.requirementsFile());
        collector.addFile("--config-file", inputs.configFile());
        return collector.files();
    }

    private Optional<String> handlerFile(String handler, String runtime, boolean hasJar) {
        if (Handlers.isBuiltIn(handler, runtime)) {
            return Optional.empty();
        }
        String suffix = runtime.equals(Handlers.NATIVE_RUNTIME) ? librarySuffix : ".py";
        String file = Handlers.file(handler, suffix);
        boolean mayBeNone = hasJar || Handlers.isOurs(handler, runtime);
        return mayBeNone && !Files.exists(workingDirectory.resolve(file)) ? Optional.empty() : Optional.of(file);
    }

    private static void warnAboutLimits(Map<String, Path> files, List<String> warnings) throws IOException {
        ArchiveLimits limits = ArchiveLimits.defaults();
        long bytes = 0;
        for (Path file : files.values()) {
            bytes += Files.size(file);
        }
        if (files.size() + 1 > limits.entries()) {
            warnings.add(files.size() + 1 + " files: a server with default limits takes " + limits.entries());
        }
        if (bytes > limits.unpackedBytes()) {
            warnings.add(bytes + " bytes: a server with default limits takes " + limits.unpackedBytes());
        }
    }

    private Manifest manifest(PackageRequest request) {
        ModelInputs inputs = request.inputs();
        Optional<String> none = Optional.empty();
        return Manifest.of(
                timestamp,
                request.runtime(),
                new Manifest.Model(
                        Optional.of(request.modelName()),
                        inputs.serializedFile().map(InputCollector::baseName),
                        Optional.of(InputCollector.baseName(inputs.handler())),
                        inputs.modelFile().map(InputCollector::baseName),
                        Optional.of(request.version()).filter(version -> !version.isEmpty()),
                        Map.of(),
                        inputs.requirementsFile().map(InputCollector::baseName),
                        inputs.configFile().map(InputCollector::baseName),
                        none,
                        none));
    }
}
