// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.enginepack;

import java.util.List;

/**
 * What an engine pack is and what it is filled from: the content of its {@code engine.properties}.
 *
 * @param id name of its folder; that of its engine, if it holds but one
 * @param title the engine's own name: {@code PyTorch}
 * @param version of the runtime
 * @param licence SPDX identifier of the runtime's licence
 * @param formats what it reads, one phrase each
 * @param suffixes of the files its engines are chosen for, as {@link dev.sluice.engine.FileSuffixes} reads them
 * @param spiVersion of the engine interface it was built against
 * @param platform the system and processor its natives are for, as Maven's classifiers have them: {@code linux-x86_64}
 * @param artifacts what it is filled from
 * @param natives what is unpacked out of them
 */
public record PackDescriptor(
        String id,
        String title,
        String version,
        String licence,
        List<String> formats,
        List<String> suffixes,
        int spiVersion,
        String platform,
        List<Artifact> artifacts,
        List<NativeFile> natives) {
    /** The file that holds it. */
    public static final String FILE = "engine.properties";

    /**
     * A jar from a Maven repository.
     *
     * @param sha256 of the jar, in lower-case hexadecimal
     * @param size of the jar in bytes
     * @param isLibrary whether the pack's class loader sees it; one that is not gives natives alone
     */
    public record Artifact(MavenCoordinates coordinates, String sha256, long size, boolean isLibrary) {}

    /**
     * A file of the pack's native folder.
     *
     * @param from the artifact it is in
     * @param entry its name there
     * @param file its path below the native folder
     * @param size of the file in bytes
     */
    public record NativeFile(MavenCoordinates from, String entry, String file, long size) {}

    public PackDescriptor {
        formats = List.copyOf(formats);
        suffixes = List.copyOf(suffixes);
        artifacts = List.copyOf(artifacts);
        natives = List.copyOf(natives);
    }

    /** The natives that come out of {@code artifact}. */
    public List<NativeFile> nativesOf(Artifact artifact) {
        return natives.stream()
                .filter(file -> file.from().equals(artifact.coordinates()))
                .toList();
    }

    /** What all its artifacts are together, in bytes. */
    public long downloadSize() {
        return artifacts.stream().mapToLong(Artifact::size).sum();
    }
}
