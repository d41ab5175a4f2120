// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.djl.generic;

import dev.sluice.engine.EngineSettings;
import dev.sluice.tensor.BufferAllocator;
import java.nio.file.Path;
import java.util.Optional;

/** The natives in the jars of the test class path. */
final class TestSettings {
    private TestSettings() {}

    static EngineSettings of(Path cacheDirectory, BufferAllocator allocator) {
        return new EngineSettings(Optional.empty(), cacheDirectory, 1, allocator);
    }
}
