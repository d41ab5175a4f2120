// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler;

import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.model.TensorSpec;
import dev.sluice.tensor.BufferAllocator;
import dev.sluice.tensor.ByteElements;
import dev.sluice.tensor.DataType;
import dev.sluice.tensor.Shape;
import dev.sluice.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * Reads one input of a model in the forms in which clients write it: a nested JSON list is one row; a body of {@code
 * application/octet-stream} is a row's bytes as they are, which nobody copies when it runs alone; a tensor is as many rows as it
 * has. Texts may be sent as they are, too, to an input of one text per row.
 *
 * <p><b>Threads:</b> used by one thread at a time.
 */
final class InputReader {
    private final Optional<TensorSpec> declared;
    private final DataType type;
    private final BufferAllocator allocator;
    private final JsonRowReader json;

    /** @param declared the model's input; without one, numbers are FP32 in any shape */
    InputReader(Optional<TensorSpec> declared, BufferAllocator allocator) {
        this.declared = declared;
        this.type = declared.map(TensorSpec::type).orElse(DataType.FP32);
        this.allocator = allocator;
        this.json = new JsonRowReader(type, allocator);
    }

    /** Whether {@code body} is one text as it is. */
    boolean takesText(RequestBody body) {
        return type == DataType.BYTES && !body.isJson();
    }

    /** One row. */
    Rows read(RequestBody sent) {
        RequestBody body = declared.map(input -> new RequestBody(input.name(), sent.mediaType(), sent.content()))
                .orElse(sent);
        if (declared.isPresent() && body.isBinary() && type.isFixedSize()) {
            return binary(body, declared.get().shape().row());
        }
        if (takesText(body)) {
            return text(body);
        }
        Rows row = json.read(body, declared);
        if (!fits(row.shape())) {
            row.release();
            throw misshapen(body.name(), type + " " + row.shape());
        }
        return row;
    }

    /** All rows of a tensor, which stays the caller's. */
    Rows read(Tensor tensor) {
        if (tensor.shape().rank() == 0
                || tensor.shape().dimension(0) < 1
                || (declared.isPresent() && tensor.type() != type)
                || !fits(tensor.shape().row())) {
            String expected = declared.map(
                            input -> input.type() + " " + input.shape().withOutermost(Shape.ANY))
                    .orElse("one row or more");
            throw invalid("input '" + tensor.name() + "': " + tensor.type() + " " + tensor.shape() + " (expected: "
                    + expected + ")");
        }
        if (tensor.type() == DataType.BYTES) {
            requireTexts(tensor);
        }
        return TensorRows.of(tensor);
    }

    /** Texts of several requests lie side by side in a run: one that is longer than it says would spoil the others. */
    private static void requireTexts(Tensor tensor) {
        try {
            ByteElements.check(tensor);
        } catch (IllegalArgumentException e) {
            throw new ServingException(ErrorCode.INVALID_INPUT, "input " + e.getMessage(), e);
        }
    }

    /** The body as the little-endian bytes of one row, not copied; how many they are must say all about its shape. */
    private Rows binary(RequestBody body, Shape row) {
        if (!row.isConcrete() || body.content().size() != row.elementCount() * type.elementBytes()) {
            throw misshapen(body.name(), body.content().size() + " bytes of " + type);
        }
        return new TensorRows(type, row, body.content().retain());
    }

    private Rows text(RequestBody body) {
        Shape row = declared.map(input -> input.shape().row()).orElse(Shape.of());
        long[] ones = row.toArray();
        Arrays.fill(ones, 1);
        if (!row.accepts(Shape.of(ones))) {
            throw misshapen(body.name(), "one text");
        }
        Tensor text = ByteElements.write(body.name(), Shape.of(ones), List.of(body.bytes()), allocator);
        return new TensorRows(type, text.shape(), text.data());
    }

    private boolean fits(Shape row) {
        return declared.isEmpty() || declared.get().shape().row().accepts(row);
    }

    private ServingException misshapen(String name, String found) {
        String expected =
                declared.map(input -> type + " " + input.shape().row()).orElse(type + " of any shape");
        return invalid(
                "input '" + name + "': " + found + " (expected: " + expected + ", one row of the model's input)");
    }

    private static ServingException invalid(String message) {
        return new ServingException(ErrorCode.INVALID_INPUT, message);
    }

    /** Zeros, or empty texts; an open dimension is taken as 1. */
    Optional<Rows> sample() {
        return declared.map(input -> {
            long[] dimensions = input.shape().row().toArray();
            Arrays.setAll(dimensions, i -> dimensions[i] == Shape.ANY ? 1 : dimensions[i]);
            return NestedNumbers.zeros(type, Shape.of(dimensions));
        });
    }
}
