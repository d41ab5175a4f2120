// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler;

import dev.sluice.engine.TensorInstance;
import dev.sluice.engine.TensorModel;
import dev.sluice.model.Signature;
import dev.sluice.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/** A model that is a function of several inputs; remembers how many rows it was given. */
record FunctionModel(Signature signature, Function<List<Tensor>, List<Tensor>> function, List<Long> rows)
        implements TensorModel {
    FunctionModel(Signature signature, Function<List<Tensor>, List<Tensor>> function) {
        this(signature, function, new ArrayList<>());
    }

    @Override
    public TensorInstance newInstance() {
        return new TensorInstance() {
            @Override
            public List<Tensor> run(List<Tensor> inputs) {
                rows.add(inputs.get(0).shape().dimension(0));
                return function.apply(inputs);
            }

            @Override
            public void close() {}
        };
    }

    @Override
    public void close() {}
}
