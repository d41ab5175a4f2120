// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.djl;

import dev.sluice.engine.testing.EngineHarness;
import dev.sluice.model.ModelSpec;
import java.nio.file.Path;

/** Specs for programs that are no tests. */
abstract class TestSpecs extends EngineHarness {
    private TestSpecs() {}

    /** A spec that names nothing but the file. */
    static ModelSpec of(Path file) {
        return spec(file);
    }
}
