// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine;

import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.model.Placement;
import dev.sluice.tensor.BufferAllocator;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * What an engine is opened with.
 *
 * @param nativeDirectory where its unpacked native libraries lie, read-only; empty to let the engine find its own
 * @param cacheDirectory the one directory it may write to
 * @param intraOpThreads threads one call may use, 1 or more, where the model does not say; engines.md section 5.3 measured
 *     why 1 is the default
 * @param allocator source of direct memory for outputs
 */
public record EngineSettings(
        Optional<Path> nativeDirectory, Path cacheDirectory, int intraOpThreads, BufferAllocator allocator) {
    public EngineSettings {
        if (intraOpThreads < 1) {
            throw new IllegalArgumentException("intraOpThreads: " + intraOpThreads + " (expected: 1 or more)");
        }
    }

    /** Threads that one call of a model placed like that may use. */
    public int threads(Placement placement) {
        return placement.threads().orElse(intraOpThreads);
    }

    /**
     * Checks that the native directory, if there is one, has {@code libraries}, named as {@link System#mapLibraryName} takes them: a runtime that
     * does not find one says less of it.
     *
     * @throws ServingException {@code LOAD_FAILED} naming the first that is missing and what to do about it
     */
    public void requireLibraries(String engine, List<String> libraries) {
        if (nativeDirectory.isEmpty()) {
            return;
        }
        for (String library : libraries) {
            String file = System.mapLibraryName(library);
            if (!Files.isRegularFile(nativeDirectory.get().resolve(file))) {
                throw new ServingException(
                        ErrorCode.LOAD_FAILED,
                        "Native library " + file + " of engine '" + engine
                                + "' is missing (expected: in the engine pack's native folder; install the pack again)");
            }
        }
    }
}
