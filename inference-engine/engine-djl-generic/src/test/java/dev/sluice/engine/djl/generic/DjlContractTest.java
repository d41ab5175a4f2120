// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.djl.generic;

import dev.sluice.engine.EngineProvider;
import dev.sluice.engine.EngineSettings;
import dev.sluice.engine.testing.EngineContractTest;
import dev.sluice.engine.testing.ReferenceModel;
import dev.sluice.tensor.BufferAllocator;
import java.nio.file.Path;

/** DJL's OnnxRuntime engine, the only one on the test's class path, with the digits. */
class DjlContractTest extends EngineContractTest {
    private final ReferenceModel digits =
            ReferenceModel.digits(Path.of(System.getProperty("sluice.test.models")), "digits.onnx");

    @Override
    protected EngineProvider provider() {
        return new DjlProvider();
    }

    @Override
    protected EngineSettings settings(Path cacheDirectory, BufferAllocator allocator) {
        return TestSettings.of(cacheDirectory, allocator);
    }

    @Override
    protected ReferenceModel reference() {
        return digits;
    }

    /**
     * ONNX Runtime's own Java binding loses 112 bytes in each call that fails (release 1.28.0, seen with nothing but its session around).
     * Our engine for ONNX checks shapes before it calls; DJL tells none.
     */
    @Override
    protected int bytesTheRuntimeLosesPerFailedCall() {
        return 128;
    }

    /** A file does not say which of DJL's engines is to read it. */
    @Override
    protected boolean takesFilesBySuffix() {
        return false;
    }
}
