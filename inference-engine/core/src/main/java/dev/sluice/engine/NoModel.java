// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine;

import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.model.Signature;
import dev.sluice.tensor.Tensor;
import java.util.List;

/** What stands behind a handler that needs no model. */
final class NoModel implements TensorModel, TensorInstance {
    @Override
    public Signature signature() {
        return Signature.UNDECLARED;
    }

    @Override
    public TensorInstance newInstance() {
        return this;
    }

    @Override
    public List<Tensor> run(List<Tensor> inputs) {
        throw new ServingException(ErrorCode.ENGINE_FAILED, "The handler has no model to run");
    }

    @Override
    public void close() {
        // Holds nothing.
    }
}
