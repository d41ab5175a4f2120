// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler;

import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.InferenceRequest;
import dev.sluice.inference.ServingException;
import dev.sluice.model.TensorSpec;
import dev.sluice.tensor.DataType;
import dev.sluice.tensor.Shape;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * The codec of {@code base_handler}: a nested JSON list is one row of the model's input, and one row of its output is
 * answered as a nested list. Several outputs are answered as a list of such lists, in the model's order, as Python writes a
 * tuple.
 *
 * <p>Source: pytorch/serve {@code ts/torch_handler/base_handler.py}. The original hands the batch over as it came, which only
 * works for subclasses that make a tensor of it first.
 */
final class NestedListCodec implements RowCodec {
    private final Optional<TensorSpec> declared;
    private final DataType type;

    /** @param declared the model's input; without one, numbers are FP32 in any shape */
    NestedListCodec(Optional<TensorSpec> declared) {
        this.declared = declared;
        this.type = declared.map(TensorSpec::type).orElse(DataType.FP32);
    }

    @Override
    public Row decode(InferenceRequest request) {
        RequestBody body = RequestBody.of(request);
        NestedNumbers row = NestedNumbers.parse(body, type);
        if (declared.isPresent() && !declared.get().shape().row().accepts(row.shape())) {
            throw new ServingException(
                    ErrorCode.INVALID_INPUT,
                    "input '" + body.name() + "': " + row.shape() + " (expected: "
                            + declared.get().shape().row() + ", one row of the model's input)");
        }
        return row;
    }

    @Override
    public byte[] encode(List<OutputRow> outputs) {
        return outputs.size() == 1 ? PythonJson.nested(outputs.get(0)) : PythonJson.nested(outputs);
    }

    /** Zeros; an open dimension is taken as 1. */
    @Override
    public Optional<Row> sampleRow() {
        return declared.map(input -> {
            long[] dimensions = input.shape().row().toArray();
            Arrays.setAll(dimensions, i -> dimensions[i] == Shape.ANY ? 1 : dimensions[i]);
            return NestedNumbers.zeros(type, Shape.of(dimensions));
        });
    }

    @Override
    public void close() {
        // Holds nothing.
    }
}
