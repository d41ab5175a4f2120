// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.onnxruntime;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtException;
import dev.sluice.tensor.Tensor;

/**
 * One input of one instance in the course of a call.
 *
 * <p><b>Threads:</b> used by whoever runs the instance, one at a time.
 */
interface InputBinding {
    /** What the runtime reads {@code tensor} from; valid until {@link #unbind}, and while the tensor is. */
    OnnxTensor bind(Tensor tensor) throws OrtException;

    /** Ends the call: frees what {@link #bind} made, if it was called at all, but for what the next call may use. */
    void unbind();

    /** Frees what is kept from call to call. */
    void close();
}
