// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.trees;

import dev.sluice.engine.EngineProvider;
import dev.sluice.engine.EngineSettings;
import dev.sluice.engine.testing.EngineContractTest;
import dev.sluice.engine.testing.ReferenceModel;
import dev.sluice.tensor.BufferAllocator;
import dev.sluice.tensor.DataType;
import java.nio.file.Path;

class LightgbmContractTest extends EngineContractTest {
    private final ReferenceModel breast =
            ReferenceModel.tabular(TestSettings.models(), "lightgbm/breast.txt", DataType.FP64);

    @Override
    protected EngineProvider provider() {
        return new TreesProvider();
    }

    @Override
    protected EngineSettings settings(Path cacheDirectory, BufferAllocator allocator) {
        return TestSettings.of(cacheDirectory, allocator);
    }

    @Override
    protected ReferenceModel reference() {
        return breast;
    }
}
