// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.enginepack;

import dev.sluice.engine.EngineCatalog;
import dev.sluice.engine.FileSuffixes;
import dev.sluice.inference.ServingException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The packs that could be added, for those who ask for what is in one of them. Nothing is read before somebody does.
 *
 * <p><b>Threads:</b> safe from any thread; reads files.
 */
final class AbsentPacks implements EngineCatalog.Absent {
    private static final Logger LOG = LoggerFactory.getLogger(AbsentPacks.class);

    private final Optional<Path> known;
    private final Set<String> used;

    /**
     * @param known where the installation describes its packs
     * @param used ids of those the server uses
     */
    AbsentPacks(Optional<Path> known, Set<String> used) {
        this.known = known;
        this.used = Set.copyOf(used);
    }

    @Override
    public String engine(String id) {
        return cure("", pack -> pack.id().equals(id));
    }

    @Override
    public String file(String name) {
        return cure(
                ", which runs such files,",
                pack -> pack.suffixes().stream().anyMatch(suffix -> FileSuffixes.fits(suffix, name)));
    }

    private String cure(String why, Predicate<PackDescriptor> isMeant) {
        try {
            return known.stream()
                    .flatMap(directory -> EnginePacks.folders(directory).stream())
                    .map(DescriptorFile::read)
                    .filter(pack -> !used.contains(pack.id()) && isMeant.test(pack))
                    .findFirst()
                    .map(pack -> ". " + pack.title() + why + " is not installed: 'sluice engines add " + pack.id()
                            + "' adds it, for servers that are started then")
                    .orElse("");
        } catch (ServingException e) {
            // It is only advice.
            LOG.debug("The packs cannot be read", e);
            return "";
        }
    }
}
