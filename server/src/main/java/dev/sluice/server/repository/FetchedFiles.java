// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.repository;

import dev.sluice.model.ModelId;
import dev.sluice.model.ModelSpec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The files of the store that were fetched for a model, and go with it. One that other models use, too, goes with the last of
 * them. When the server stops they stay, and are there for its next start.
 *
 * <p><b>Threads:</b> safe from any thread.
 */
final class FetchedFiles {
    private static final Logger LOG = LoggerFactory.getLogger(FetchedFiles.class);

    /** Guarded by this: what models are made from, once for each registration. */
    private final List<Use> uses = new ArrayList<>();

    /** Guarded by this: which of those files were fetched. */
    private final Set<Path> fetched = new HashSet<>();

    private record Use(ModelId model, String location, Path root, Path file) {
        boolean isOf(ModelSpec spec) {
            return model.equals(spec.id())
                    && location.equals(spec.location())
                    && root.equals(spec.files().root());
        }
    }

    /** {@code spec} has been made from {@code file}. */
    synchronized void keep(ModelSpec spec, Path file) {
        uses.add(new Use(spec.id(), spec.location(), spec.files().root(), file));
        if (ModelLocator.isUrl(spec.location())) {
            fetched.add(file);
        }
    }

    /** What {@code spec} was registered for is gone. */
    synchronized void discard(ModelSpec spec) {
        useOf(spec).ifPresent(use -> {
            uses.remove(use);
            deleteIfUnused(use.file());
        });
    }

    /** Nothing came of {@code spec} now, and it is still wanted. */
    synchronized void release(ModelSpec spec) {
        useOf(spec).ifPresent(use -> {
            uses.remove(use);
            if (isUnused(use.file())) {
                fetched.remove(use.file());
            }
        });
    }

    private Optional<Use> useOf(ModelSpec spec) {
        return uses.stream().filter(use -> use.isOf(spec)).findFirst();
    }

    private boolean isUnused(Path file) {
        return uses.stream().noneMatch(use -> use.file().equals(file));
    }

    /** No model has come of {@code file}, which was fetched for one just now. */
    synchronized void forget(Path file) {
        fetched.add(file);
        deleteIfUnused(file);
    }

    private void deleteIfUnused(Path file) {
        if (fetched.contains(file) && isUnused(file)) {
            fetched.remove(file);
            try {
                Files.deleteIfExists(file);
            } catch (IOException e) {
                LOG.warn("Could not delete {}, which was downloaded", file, e);
            }
        }
    }
}
