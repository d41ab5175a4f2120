// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler;

import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.model.Signature;
import dev.sluice.model.TensorSpec;
import dev.sluice.tensor.BufferAllocator;
import dev.sluice.tensor.DataBuffer;
import dev.sluice.tensor.Shape;
import dev.sluice.tensor.Tensor;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The tensors a recurrent model gives in one call and takes in the next: which outputs go where, and a row of them for each request.
 * The first row of a request is zeros.
 *
 * <p><b>Threads:</b> immutable; rows are used by one thread at a time.
 */
final class CarriedState {
    private final List<Port> ports;

    private CarriedState(List<Port> ports) {
        this.ports = List.copyOf(ports);
    }

    /** One tensor: what the model takes, which of its outputs comes back as it, and the bytes of one row. */
    private record Port(TensorSpec input, TensorSpec declared, int output, int rowBytes) {
        Shape row() {
            return input.shape().row();
        }

        /** @throws ServingException {@code INVALID_MODEL} if {@code outputs} have no {@code rows} rows of it */
        void check(List<Tensor> outputs, int rows) {
            if (output >= outputs.size()) {
                throw invalid("model outputs: " + outputs.size() + " (expected: '" + declared.name() + "' as number "
                        + (output + 1) + ")");
            }
            Tensor given = outputs.get(output);
            Shape shape = given.shape();
            boolean hasRows = shape.rank() > 0 && shape.dimension(0) == rows;
            if (given.type() != input.type() || !hasRows || given.data().size() != (long) rows * rowBytes) {
                throw invalid("model output '" + declared.name() + "': " + given.type() + " " + shape + " (expected: "
                        + input.type() + " " + row().rows(rows) + ", as it declares)");
            }
        }
    }

    /** One row of all of them. */
    static final class Kept {
        /** By port; written by the thread that has run the model. */
        private final byte[][] bytes;

        private Kept(byte[][] bytes) {
            this.bytes = bytes;
        }

        /** Takes over what {@code next} holds, which is not used any more. Cannot fail. */
        void become(Kept next) {
            System.arraycopy(next.bytes, 0, bytes, 0, bytes.length);
        }
    }

    /**
     * The state {@code names} speak of, inputs by outputs.
     *
     * @param where for messages
     * @param maxRows most rows of a call
     * @throws ServingException {@code INVALID_MODEL} if the model has no such inputs and outputs, a row of one is of no fixed size, or
     *     it does not take as many rows
     */
    static CarriedState of(String where, Signature signature, Map<String, String> names, int maxRows) {
        List<Port> ports = new ArrayList<>();
        names.forEach((from, to) -> {
            TensorSpec input = find(where, signature.inputs(), from);
            TensorSpec output = find(where, signature.outputs(), to);
            requireRows(where + "." + from, input, maxRows);
            requireRows(where + "." + from, output, maxRows);
            boolean isAlike = input.type() == output.type()
                    && input.shape().row().equals(output.shape().row());
            boolean isFixed = input.type().isFixedSize()
                    && Arrays.stream(input.shape().row().toArray()).noneMatch(size -> size == Shape.ANY);
            if (!isAlike || !isFixed) {
                throw invalid(where + "." + from + ": " + input.type() + " " + input.shape() + " from " + output.type()
                        + " " + output.shape() + " (expected: one type, and one shape that is open in its rows alone)");
            }
            long bytes = input.shape().row().elementCount() * input.type().elementBytes();
            ports.add(new Port(input, output, signature.outputs().indexOf(output), Math.toIntExact(bytes)));
        });
        return new CarriedState(ports);
    }

    /** The tensor called {@code name}. */
    static TensorSpec find(String where, List<TensorSpec> among, String name) {
        return among.stream()
                .filter(spec -> spec.name().equals(name))
                .findFirst()
                .orElseThrow(() -> invalid(where + ": '" + name + "' (expected: one of "
                        + among.stream().map(TensorSpec::name).toList() + ")"));
    }

    /**
     * Whether calls of 1 to {@code maxRows} rows can have {@code tensor}.
     *
     * @throws ServingException {@code INVALID_MODEL} if not
     */
    static void requireRows(String where, TensorSpec tensor, int maxRows) {
        Shape shape = tensor.shape();
        boolean isOpen = shape.rank() > 0 && shape.dimension(0) == Shape.ANY;
        boolean isOne = shape.rank() > 0 && shape.dimension(0) == 1 && maxRows == 1;
        if (!isOpen && !isOne) {
            throw invalid(where + ": '" + tensor.name() + "' is " + tensor.type() + " " + shape
                    + " (expected: an outermost dimension of -1, or of 1 with a batch size of 1; the batch size is "
                    + maxRows + ")");
        }
    }

    private static ServingException invalid(String message) {
        return new ServingException(ErrorCode.INVALID_MODEL, message);
    }

    /** Whether {@code input} is part of it. */
    boolean takes(String input) {
        return ports.stream().anyMatch(port -> port.input().name().equals(input));
    }

    /** Whether the model's output number {@code output} is part of it. */
    boolean gives(int output) {
        return ports.stream().anyMatch(port -> port.output() == output);
    }

    /** The first row. */
    Kept zeros() {
        return new Kept(ports.stream().map(port -> new byte[port.rowBytes()]).toArray(byte[][]::new));
    }

    /** The tensor for {@code input} of a call with these rows; empty if it is no part of this. Released by the caller. */
    Optional<Tensor> gather(TensorSpec input, List<Kept> rows, BufferAllocator allocator) {
        for (int i = 0; i < ports.size(); i++) {
            if (ports.get(i).input().equals(input)) {
                return Optional.of(gather(ports.get(i), i, rows, allocator));
            }
        }
        return Optional.empty();
    }

    private static Tensor gather(Port port, int index, List<Kept> rows, BufferAllocator allocator) {
        DataBuffer bytes = allocator.allocate((long) port.rowBytes() * rows.size());
        ByteBuffer target = bytes.view();
        rows.forEach(row -> target.put(row.bytes[index]));
        return new Tensor(port.input().name(), port.input().type(), port.row().rows(rows.size()), bytes);
    }

    /**
     * Whether {@code outputs} have the rows that a call of {@code rows} rows gives.
     *
     * @throws ServingException {@code INVALID_MODEL} if not, whatever the model declared
     */
    void check(List<Tensor> outputs, int rows) {
        ports.forEach(port -> port.check(outputs, rows));
    }

    /** A copy of row {@code index} of what a call gave, which was {@linkplain #check checked}. */
    Kept row(List<Tensor> outputs, int index) {
        Kept row = zeros();
        scatter(outputs, index, row);
        return row;
    }

    /** Writes row {@code index} of what a call gave, which was {@linkplain #check checked}, into {@code row}. */
    void scatter(List<Tensor> outputs, int index, Kept row) {
        for (int i = 0; i < ports.size(); i++) {
            Port port = ports.get(i);
            outputs.get(port.output()).data().view().get(index * port.rowBytes(), row.bytes[i]);
        }
    }
}
