// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.onnxruntime;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OnnxValue;
import ai.onnxruntime.OrtException;
import dev.sluice.tensor.Tensor;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One output of one instance in the course of a call.
 *
 * <p><b>Threads:</b> used by whoever runs the instance, one at a time.
 */
interface OutputBinding {
    /**
     * Memory of ours for the runtime to compute this output into, in a call with these inputs; null where the runtime has to
     * allocate. The runtime's tensor is valid until {@link #unpin}, {@link #take} or {@link #close}.
     */
    @Nullable
    OnnxTensor pin(List<Tensor> inputs) throws OrtException;

    /** Gives back what {@link #pin} made, if it made anything. */
    void unpin();

    /** The output after the call, which is the caller's from now on. */
    Tensor take(OnnxValue value) throws OrtException;

    /** Frees what is kept from call to call; outputs taken stay what they are. */
    void close();
}
