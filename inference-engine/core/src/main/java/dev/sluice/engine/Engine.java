// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine;

import dev.sluice.model.Device;
import dev.sluice.model.ModelSpec;

/**
 * One native runtime, loaded once per process.
 *
 * <p><b>Threads:</b> safe from any thread.
 */
public interface Engine extends AutoCloseable {
    EngineInfo info();

    /**
     * Reads a model. Slow; called on a load thread only, for several models at a time.
     *
     * @param device one of {@link EngineInfo#devices}: where the weights go, and all calls of the model's instances run
     * @throws dev.sluice.inference.ServingException {@code INVALID_MODEL} if the files are not a model of this engine,
     *     {@code LOAD_FAILED} if they are and it did not work
     */
    TensorModel load(ModelSpec spec, Device device);

    @Override
    void close();
}
