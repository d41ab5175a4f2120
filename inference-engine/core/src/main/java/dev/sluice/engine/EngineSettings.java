// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine;

import dev.sluice.model.Placement;
import dev.sluice.tensor.BufferAllocator;
import java.nio.file.Path;
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
}
