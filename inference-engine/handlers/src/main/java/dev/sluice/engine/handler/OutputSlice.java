// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler;

import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.Output;
import dev.sluice.inference.ServingException;
import dev.sluice.tensor.BufferAllocator;
import dev.sluice.tensor.ByteElements;
import dev.sluice.tensor.DataBuffer;
import dev.sluice.tensor.DataType;
import dev.sluice.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What a model gave for one request: the request's rows of each output, or the outputs whole.
 *
 * <p><b>Ownership:</b> a view of tensors that are somebody else's.
 */
final class OutputSlice {
    private static final int WHOLE = -1;

    private final List<Tensor> outputs;
    private final int first;
    private final int count;
    private final int rows;

    private OutputSlice(List<Tensor> outputs, int first, int count, int rows) {
        this.outputs = outputs;
        this.first = first;
        this.count = count;
        this.rows = rows;
    }

    /** Rows {@code first} to {@code first + count} of outputs that are to have {@code rows}. */
    static OutputSlice of(List<Tensor> outputs, int first, int count, int rows) {
        return new OutputSlice(outputs, first, count, rows);
    }

    /** All of {@code outputs}, with all their dimensions. */
    static OutputSlice whole(List<Tensor> outputs) {
        return new OutputSlice(outputs, 0, 1, WHOLE);
    }

    /** Number of outputs. */
    int size() {
        return outputs.size();
    }

    /** Names of the outputs, in the model's order. */
    List<String> names() {
        return outputs.stream().map(Tensor::name).toList();
    }

    /** The request's only row of output {@code output}, or, of outputs handed over whole, all of it. */
    OutputRow get(int output) {
        return row(output, 0);
    }

    /** The request's row {@code row} of output {@code output}. */
    OutputRow row(int output, int row) {
        Tensor tensor = outputs.get(output);
        return rows == WHOLE ? OutputRow.whole(tensor) : OutputRow.of(tensor, first + row, rows);
    }

    /** As {@link #get}, of the output of that name; empty if there is none. */
    Optional<OutputRow> named(String name) {
        int index = names().indexOf(name);
        return index < 0 ? Optional.empty() : Optional.of(get(index));
    }

    /** As {@link #get}, of all outputs. */
    List<OutputRow> all() {
        List<OutputRow> all = new ArrayList<>(outputs.size());
        for (int i = 0; i < outputs.size(); i++) {
            all.add(get(i));
        }
        return all;
    }

    /**
     * The request's rows of the outputs as tensors, which the caller owns; numbers are not copied.
     *
     * @param wanted names of those to take; empty for all
     * @throws ServingException {@code INVALID_INPUT} if there is none of a wanted name
     */
    List<Output> tensors(List<String> wanted, BufferAllocator allocator) {
        requireAmong(names(), wanted);
        List<Output> taken = new ArrayList<>();
        try {
            for (Tensor output : outputs) {
                if (wanted.isEmpty() || wanted.contains(output.name())) {
                    taken.add(new Output.OfTensor(tensor(output, allocator)));
                }
            }
            return taken;
        } catch (RuntimeException | Error e) {
            taken.forEach(Output::release);
            throw e;
        }
    }

    /** @throws ServingException {@code INVALID_INPUT} if one of {@code wanted} is not among {@code names} */
    static void requireAmong(List<String> names, List<String> wanted) {
        for (String name : wanted) {
            if (!names.contains(name)) {
                throw new ServingException(
                        ErrorCode.INVALID_INPUT, "output '" + name + "': unknown (expected: one of " + names + ")");
            }
        }
    }

    private Tensor tensor(Tensor output, BufferAllocator allocator) {
        if (rows == WHOLE || (count == rows && first == 0)) {
            return new Tensor(
                    output.name(), output.type(), output.shape(), output.data().retain());
        }
        OutputRow.requireRows(output, rows);
        var shape = output.shape().withOutermost(count);
        if (output.type() == DataType.BYTES) {
            int perRow = Math.toIntExact(output.shape().row().elementCount());
            List<byte[]> elements = ByteElements.read(output).subList(first * perRow, (first + count) * perRow);
            return ByteElements.write(output.name(), shape, elements, allocator);
        }
        int rowBytes = output.data().size() / rows;
        DataBuffer slice = output.data().retainedSlice(first * rowBytes, count * rowBytes);
        return new Tensor(output.name(), output.type(), shape, slice);
    }
}
