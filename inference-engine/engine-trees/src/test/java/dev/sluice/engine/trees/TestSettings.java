// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.trees;

import dev.sluice.engine.EngineSettings;
import dev.sluice.tensor.BufferAllocator;
import java.nio.file.Path;
import java.util.Optional;

/** The natives the build unpacked, and the models with known answers. */
final class TestSettings {
    private TestSettings() {}

    static EngineSettings of(Path cacheDirectory, BufferAllocator allocator) {
        Path natives = Path.of(System.getProperty("sluice.test.natives"));
        return new EngineSettings(Optional.of(natives), cacheDirectory, 1, allocator);
    }

    static Path models() {
        return Path.of(System.getProperty("sluice.test.models"), "trees");
    }
}
