// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.onnxruntime;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.sluice.tensor.Tensor;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Unsigned integers of more than a byte. The binding can neither make tensors of them nor rename a tensor's type, so they are
 * passed as signed ones to a graph of a single Cast, which keeps all bits, and its output is the input: one copy.
 */
final class UnsignedInput implements InputBinding {
    private final InputBinding signed;
    private final OrtSession cast;

    /** Written by whoever runs the instance: what the cast made in the call under way. */
    private OrtSession.@Nullable Result result;

    /**
     * @param signed the same numbers, passed as signed ones of the same width
     * @param cast shared, not closed here
     */
    UnsignedInput(InputBinding signed, OrtSession cast) {
        this.signed = signed;
        this.cast = cast;
    }

    @Override
    public OnnxTensor bind(Tensor tensor) throws OrtException {
        OrtSession.Result made = cast.run(Map.of(HelperGraphs.INPUT, signed.bind(tensor)));
        result = made;
        return HelperGraphs.only(made);
    }

    @Override
    public void unbind() {
        if (result != null) {
            result.close();
            result = null;
        }
        signed.unbind();
    }

    @Override
    public void close() {
        signed.close();
    }
}
