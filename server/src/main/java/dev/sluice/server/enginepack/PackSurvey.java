// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.enginepack;

import dev.sluice.engine.EngineDescription;
import dev.sluice.engine.PackMember;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.server.enginepack.PackStatus.State;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;

/** The packs there are: those the installation describes, and those in the engines' directory. Loads no native library. */
public final class PackSurvey {
    private final Optional<Path> known;
    private final Path engines;
    private final String platform;

    /**
     * @param known where the installation describes its packs
     * @param engines where filled ones are, or will be
     * @param platform of this machine
     */
    public PackSurvey(Optional<Path> known, Path engines, String platform) {
        this.known = known;
        this.engines = engines;
        this.platform = platform;
    }

    /** The ids of all packs, in order. */
    public SortedSet<String> ids() {
        SortedSet<String> ids = new TreeSet<>(installed());
        known.ifPresent(directory -> ids.addAll(names(directory)));
        return ids;
    }

    /** The ids of the packs in the engines' directory, good or broken, in order. */
    public SortedSet<String> installed() {
        return Files.isDirectory(engines) ? names(engines) : new TreeSet<>();
    }

    /**
     * Where the pack {@code id} is described.
     *
     * @throws ServingException {@code INVALID_INPUT} if there is none, naming those there are
     */
    public Path description(String id) {
        if (known.isEmpty()) {
            throw new ServingException(
                    ErrorCode.FAILED_PRECONDITION,
                    "this installation describes no engine packs (expected: a folder packs beside its folder lib)");
        }
        if (!names(known.get()).contains(id)) {
            throw new ServingException(
                    ErrorCode.INVALID_INPUT,
                    "engine pack: " + id + " (expected one of: " + String.join(", ", names(known.get())) + ")");
        }
        return known.get().resolve(id);
    }

    /**
     * What is known of the pack {@code id}.
     *
     * @param inDepth whether to read all its files and compare their checksums
     */
    public PackStatus status(String id, boolean inDepth) {
        Path folder = engines.resolve(id);
        boolean isInstalled = installed().contains(id);
        PackInspector inspector = new PackInspector(platform);
        Optional<String> problem = !isInstalled
                ? Optional.empty()
                : inDepth ? inspector.problemInDepth(folder) : inspector.problem(folder);
        State state = !isInstalled ? State.NOT_INSTALLED : problem.isPresent() ? State.BROKEN : State.READY;
        return described(id, state, problem.orElse(""));
    }

    private PackStatus described(String id, State state, String reason) {
        Path folder = engines.resolve(id);
        try {
            boolean isInstalled = state != State.NOT_INSTALLED;
            long onDisk = isInstalled ? size(folder) : 0;
            Optional<PackDescriptor> descriptor = descriptor(id, folder);
            if (descriptor.isPresent()) {
                PackDescriptor pack = descriptor.get();
                return new PackStatus(
                        id,
                        pack.title(),
                        pack.version(),
                        pack.licence(),
                        pack.formats(),
                        isInstalled ? onDisk : pack.downloadSize(),
                        state,
                        reason);
            }
            EngineDescription own = ofHandMade(folder, state);
            return new PackStatus(id, own.title(), own.version(), own.licence(), own.formats(), onDisk, state, reason);
        } catch (IOException e) {
            return new PackStatus(id, id, "?", "?", List.of(), 0, State.BROKEN, "it cannot be read: " + e.getMessage());
        }
    }

    /** The installed one's, or else the one that it would be filled from. */
    private Optional<PackDescriptor> descriptor(String id, Path folder) {
        List<Path> places = new ArrayList<>(List.of(folder));
        known.ifPresent(directory -> places.add(directory.resolve(id)));
        for (Path place : places) {
            try {
                if (Files.exists(place.resolve(PackDescriptor.FILE))) {
                    return Optional.of(DescriptorFile.read(place));
                }
            } catch (ServingException e) {
                // Told by the inspector; the next place may know more.
            }
        }
        return Optional.empty();
    }

    private static EngineDescription ofHandMade(Path folder, State state) {
        String name = String.valueOf(folder.getFileName());
        // As the server does it: what it leaves out is not described, and does not end the list.
        List<PackMember> members = state == State.READY ? EnginePacks.membersOf(folder) : List.of();
        return members.isEmpty()
                ? new EngineDescription(name, "?", "?", List.of(), "", List.of(), List.of())
                : members.get(0).description();
    }

    private static long size(Path folder) throws IOException {
        long size = 0;
        for (Path file : Checksums.files(folder).values()) {
            size += Files.size(file);
        }
        return size;
    }

    private static SortedSet<String> names(Path directory) {
        SortedSet<String> names = new TreeSet<>();
        for (Path folder : EnginePacks.folders(directory)) {
            names.add(String.valueOf(folder.getFileName()));
        }
        return names;
    }
}
