// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.tensorflow;

import dev.sluice.engine.EngineProvider;
import dev.sluice.engine.EngineSettings;
import dev.sluice.engine.testing.EngineContractTest;
import dev.sluice.engine.testing.ReferenceModel;
import dev.sluice.tensor.BufferAllocator;
import java.nio.file.Path;

class TensorFlowContractTest extends EngineContractTest {
    private final ReferenceModel digits = ReferenceModel.digits(
            Path.of(System.getProperty("sluice.test.models")),
            "saved_model/saved_model.pb",
            "variables/variables.index",
            "variables/variables.data-00000-of-00001");

    @Override
    protected EngineProvider provider() {
        return new TensorFlowProvider();
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
