// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler;

import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.InferenceRequest;
import dev.sluice.inference.Input;
import dev.sluice.inference.ServingException;
import dev.sluice.model.TensorSpec;
import dev.sluice.tensor.BufferAllocator;
import dev.sluice.tensor.DataType;
import dev.sluice.tensor.Shape;
import dev.sluice.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * The codec of {@code base_handler}: a nested JSON list is one row of the model's input, and one row of its output is
 * answered as a nested list. A body of {@code application/octet-stream} is the row's bytes as they are, which nobody copies
 * when it runs alone. Several outputs are answered as a list of such lists, in the model's order, as Python writes a
 * tuple.
 *
 * <p>Source: pytorch/serve {@code ts/torch_handler/base_handler.py}. The original hands the batch over as it came, which only
 * works for subclasses that make a tensor of it first.
 */
final class NestedListCodec implements RowCodec {
    private final Optional<TensorSpec> declared;
    private final DataType type;
    private final JsonRowReader json;

    /** @param declared the model's input; without one, numbers are FP32 in any shape */
    NestedListCodec(Optional<TensorSpec> declared, BufferAllocator allocator) {
        this.declared = declared;
        this.type = declared.map(TensorSpec::type).orElse(DataType.FP32);
        this.json = new JsonRowReader(type, allocator);
    }

    @Override
    public Row decode(InferenceRequest request) {
        if (request.inputs().size() == 1 && request.inputs().get(0) instanceof Input.OfTensor input) {
            return rowOf(input.tensor());
        }
        RequestBody body = RequestBody.of(request);
        if (body.isBinary() && declared.isPresent()) {
            return binary(body, declared.get().shape().row());
        }
        Row row = json.read(body, declared);
        if (!fits(row.shape())) {
            row.release();
            throw misshapen(body.name(), row.shape().toString());
        }
        return row;
    }

    private Row rowOf(Tensor tensor) {
        boolean isOneRow = tensor.shape().rank() > 0 && tensor.shape().dimension(0) == 1;
        if (tensor.type() != type || !isOneRow || !fits(tensor.shape().row())) {
            throw misshapen(tensor.name(), tensor.type() + " " + tensor.shape());
        }
        return new TensorRow(type, tensor.shape().row(), tensor.data().retain());
    }

    /** The body as the little-endian bytes of one row, not copied; how many they are must say all about its shape. */
    private Row binary(RequestBody body, Shape row) {
        if (!row.isConcrete() || body.content().size() != row.elementCount() * type.elementBytes()) {
            throw misshapen(body.name(), body.content().size() + " bytes of " + type);
        }
        return new TensorRow(type, row, body.content().retain());
    }

    private boolean fits(Shape row) {
        return declared.isEmpty() || declared.get().shape().row().accepts(row);
    }

    private ServingException misshapen(String name, String found) {
        String expected = declared.map(input -> input.shape().row().toString()).orElse("any shape");
        return new ServingException(
                ErrorCode.INVALID_INPUT,
                "input '" + name + "': " + found + " (expected: " + expected + ", one row of the model's input)");
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
