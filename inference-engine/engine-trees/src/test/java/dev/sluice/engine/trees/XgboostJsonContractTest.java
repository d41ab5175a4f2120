// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.trees;

import dev.sluice.engine.EngineProvider;
import dev.sluice.engine.EngineSettings;
import dev.sluice.engine.testing.EngineContractTest;
import dev.sluice.engine.testing.ReferenceModel;
import dev.sluice.tensor.BufferAllocator;
import dev.sluice.tensor.DataType;
import java.nio.file.Path;

class XgboostJsonContractTest extends EngineContractTest {
    private final ReferenceModel breast =
            ReferenceModel.tabular(TestSettings.models(), "xgboost/breast.json", DataType.FP32);

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
