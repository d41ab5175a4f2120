// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine;

import dev.sluice.tensor.Tensor;
import java.util.List;

/**
 * One execution context of a {@link TensorModel}: it runs one call at a time.
 *
 * <p><b>Threads:</b> used by one thread at a time, not always the same: what one use did is seen by the next. What a runtime keeps for
 * each thread must be set up at every use.
 */
public interface TensorInstance extends AutoCloseable {
    /**
     * Runs the model once.
     *
     * <p><b>Ownership:</b> inputs stay the caller's, and are read only until this returns; outputs become the caller's.
     *
     * @param inputs one per declared input, in that order, each {@code [rows, ...]}; direct memory. A model that declares
     *     nothing gets them as positional arguments
     * @return one per output, in the model's order, each {@code [rows, ...]}
     * @throws dev.sluice.inference.ServingException {@code INVALID_INPUT} if types or shapes do not fit the model,
     *     {@code ENGINE_FAILED} if computing failed
     */
    List<Tensor> run(List<Tensor> inputs);

    @Override
    void close();
}
