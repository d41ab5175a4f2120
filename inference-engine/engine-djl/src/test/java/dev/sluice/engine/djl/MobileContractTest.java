// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.djl;

import dev.sluice.engine.EngineProvider;
import dev.sluice.engine.EngineSettings;
import dev.sluice.engine.testing.EngineContractTest;
import dev.sluice.engine.testing.ReferenceModel;
import dev.sluice.tensor.BufferAllocator;
import java.nio.file.Path;

/** The same digits in a file made for PyTorch Mobile. */
class MobileContractTest extends EngineContractTest {
    private final ReferenceModel digits =
            ReferenceModel.digits(Path.of(System.getProperty("sluice.test.models")), "digits.ptl");

    @Override
    protected EngineProvider provider() {
        return new PyTorchProvider();
    }

    @Override
    protected EngineSettings settings(Path cacheDirectory, BufferAllocator allocator) {
        return TestSettings.of(cacheDirectory, allocator);
    }

    @Override
    protected ReferenceModel reference() {
        return digits;
    }
}
