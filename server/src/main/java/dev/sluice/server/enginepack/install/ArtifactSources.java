// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.enginepack.install;

import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.server.enginepack.Checksums;
import dev.sluice.server.enginepack.PackDescriptor.Artifact;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** The repositories to ask, in order; the checksum decides whether what one gave is used. */
public final class ArtifactSources {
    private static final URI CENTRAL = URI.create("https://repo.maven.apache.org/maven2/");

    /** Two letters or more: one is the drive of a path on Windows. */
    private static final Pattern SCHEME = Pattern.compile("([A-Za-z][A-Za-z0-9+.-]+):.*");

    private final List<ArtifactSource> sources;

    private ArtifactSources(List<ArtifactSource> sources) {
        this.sources = sources;
    }

    /**
     * What an operator named, alone; or else the user's repository, if it is there, and Maven Central.
     *
     * @param from an address, or a directory
     * @throws ServingException {@code INVALID_INPUT} if it is neither
     */
    public static ArtifactSources of(Optional<String> from, Path localRepository, Path workingDirectory) {
        if (from.isPresent()) {
            return new ArtifactSources(List.of(named(from.get(), workingDirectory)));
        }
        List<ArtifactSource> sources = new ArrayList<>();
        if (Files.isDirectory(localRepository)) {
            sources.add(new FolderSource(localRepository));
        }
        sources.add(new HttpSource(CENTRAL));
        return new ArtifactSources(sources);
    }

    private static ArtifactSource named(String from, Path workingDirectory) {
        try {
            if (!SCHEME.matcher(from).matches()) {
                return folder(workingDirectory.resolve(from));
            }
            URI address = URI.create(from);
            return "file".equals(address.getScheme()) ? folder(Path.of(address)) : new HttpSource(address);
        } catch (IllegalArgumentException e) {
            // Without the value: what cannot be parsed cannot be stripped of its secrets either.
            throw new ServingException(
                    ErrorCode.INVALID_INPUT, "--from: no address (expected: https://HOST/PATH or a directory)", e);
        }
    }

    private static FolderSource folder(Path folder) {
        if (!Files.isDirectory(folder)) {
            throw new ServingException(
                    ErrorCode.INVALID_INPUT,
                    "--from: " + folder + " (expected: a Maven repository, either https://HOST/PATH or a directory)");
        }
        return new FolderSource(folder);
    }

    /**
     * Gets a jar, from the first source that has it, into {@code target}.
     *
     * @return the name of the source
     * @throws ServingException {@code SOURCE_NOT_FOUND} if none has it; {@code FAILED_PRECONDITION} if it is not the jar that
     *     the descriptor means
     */
    String fetch(Artifact artifact, Path target) throws IOException {
        for (ArtifactSource source : sources) {
            if (source.fetch(artifact, target)) {
                verify(artifact, target, source);
                return source.name();
            }
        }
        throw new ServingException(
                ErrorCode.SOURCE_NOT_FOUND,
                artifact.coordinates() + " is not in "
                        + sources.stream().map(ArtifactSource::name).collect(Collectors.joining(", nor in "))
                        + " (expected: the file " + artifact.coordinates().path()
                        + "). Nothing was installed. Name a repository that has it with --from.");
    }

    private static void verify(Artifact artifact, Path file, ArtifactSource source) throws IOException {
        String sum = Checksums.of(file);
        if (!sum.equals(artifact.sha256())) {
            throw new ServingException(
                    ErrorCode.FAILED_PRECONDITION,
                    artifact.coordinates() + " from " + source.name() + " has SHA-256 " + sum + " (expected: "
                            + artifact.sha256() + "). Nothing was installed. It is not the file this server was built"
                            + " with: take it from another repository with --from.");
        }
    }
}
