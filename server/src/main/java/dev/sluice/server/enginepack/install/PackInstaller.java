// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.enginepack.install;

import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.server.enginepack.Checksums;
import dev.sluice.server.enginepack.DescriptorFile;
import dev.sluice.server.enginepack.PackContents;
import dev.sluice.server.enginepack.PackDescriptor;
import dev.sluice.server.enginepack.PackDescriptor.Artifact;
import dev.sluice.server.enginepack.PackInspector;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * Fills and removes packs. A pack is made in a folder of its own and then given its name in one step: there is no moment at
 * which half of one can be seen, whoever else does the same, and whenever this process is killed.
 */
public final class PackInstaller {
    private final Path engines;
    private final PackInspector inspector;
    private final Consumer<String> progress;

    /**
     * @param engines where filled packs go
     * @param progress hears a line per step
     */
    public PackInstaller(Path engines, String platform, Consumer<String> progress) {
        this.engines = engines;
        this.inspector = new PackInspector(platform);
        this.progress = progress;
    }

    /** Whether the pack {@code id} is there and whole. */
    public boolean isReady(String id) {
        Path folder = engines.resolve(id);
        return Files.isDirectory(folder) && inspector.problem(folder).isEmpty();
    }

    /**
     * Fills the pack that is described in {@code description}, in the place of a broken one if there is one.
     *
     * @throws ServingException if it is not for this machine, or one of its jars cannot be had or is not the right one;
     *     everything is then as it was
     */
    public void add(Path description, ArtifactSources sources) {
        PackDescriptor descriptor = DescriptorFile.read(description);
        inspector.misfit(descriptor).ifPresent(misfit -> {
            throw new ServingException(ErrorCode.FAILED_PRECONDITION, "engine pack " + descriptor.id() + ": " + misfit);
        });
        try (WorkFolder work = WorkFolder.in(engines)) {
            Path made = Files.createDirectories(work.resolve("made").resolve(descriptor.id()));
            for (Artifact artifact : descriptor.artifacts()) {
                addArtifact(artifact, descriptor, sources, work.resolve("download.jar"), made);
            }
            addOwn(description, made);
            publish(made, work, descriptor.id());
        } catch (IOException e) {
            throw unwritable(e);
        }
    }

    private void addArtifact(
            Artifact artifact, PackDescriptor descriptor, ArtifactSources sources, Path download, Path made)
            throws IOException {
        String source = sources.fetch(artifact, download);
        int natives = descriptor.nativesOf(artifact).size();
        progress.accept(artifact.coordinates() + "  " + Megabytes.of(artifact.size()) + "  from " + source
                + (natives == 0 ? "" : "; native files: " + natives));
        PackContents.add(download, descriptor, artifact, made);
        Files.delete(download);
    }

    /** Adds what comes with the installation: our jars and the descriptor. Then the checksums of all there is. */
    private static void addOwn(Path description, Path made) throws IOException {
        try (Stream<Path> jars = Files.list(description.resolve("lib"))) {
            for (Path jar : jars.sorted().toList()) {
                PackContents.addLibrary(jar, String.valueOf(jar.getFileName()), false, made);
            }
        }
        Files.copy(description.resolve(PackDescriptor.FILE), made.resolve(PackDescriptor.FILE));
        Map<String, String> sums = new TreeMap<>();
        for (Map.Entry<String, Path> file : Checksums.files(made).entrySet()) {
            sums.put(file.getKey(), Checksums.of(file.getValue()));
        }
        Checksums.write(made, sums);
    }

    private void publish(Path made, WorkFolder work, String id) throws IOException {
        Path target = engines.resolve(id);
        if (Files.exists(target, LinkOption.NOFOLLOW_LINKS) && !isReady(id)) {
            Files.move(target, Files.createDirectory(work.resolve("broken")).resolve(id));
        }
        try {
            Files.move(made, target, StandardCopyOption.ATOMIC_MOVE);
        } catch (FileSystemException e) {
            if (!isReady(id)) {
                throw e;
            }
            progress.accept("Another process has just installed the same pack; that one stays.");
        }
    }

    /**
     * Removes the pack {@code id}. A server that has opened its engine keeps it until it stops.
     *
     * @throws ServingException {@code INVALID_INPUT} if it is not there, naming those that are
     */
    public void remove(String id, SortedSet<String> installed) {
        if (!installed.contains(id)) {
            throw new ServingException(
                    ErrorCode.INVALID_INPUT,
                    "engine pack: " + id + " (expected: one that is installed: " + String.join(", ", installed) + ")");
        }
        try (WorkFolder work = WorkFolder.in(engines)) {
            Files.move(engines.resolve(id), work.resolve(id), StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            throw unwritable(e);
        }
    }

    private ServingException unwritable(IOException e) {
        return new ServingException(
                ErrorCode.FAILED_PRECONDITION,
                "the directory of the engine packs, " + engines + ", cannot be changed: " + e.getMessage()
                        + " (expected: one that may be written, with enough room; another can be named with"
                        + " --engines-dir)",
                e);
    }
}
