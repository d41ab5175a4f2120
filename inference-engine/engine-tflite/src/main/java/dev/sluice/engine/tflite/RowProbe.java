// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.tflite;

import dev.sluice.engine.NativeOutput;
import dev.sluice.inference.ServingException;
import dev.sluice.model.Signature;
import dev.sluice.model.TensorSpec;
import dev.sluice.tensor.BufferAllocator;
import dev.sluice.tensor.DataType;
import dev.sluice.tensor.Shape;
import dev.sluice.tensor.Tensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Whether a model that was exported for one row takes more. Most exporters write {@code [1, 224, 224, 3]} although the graph does
 * not care; in others the 1 is part of a reshape, or rows would be mixed. So it is tried: two made-up rows together must give
 * what each gives alone.
 */
final class RowProbe {
    private static final double TOLERANCE = 1e-4;

    /** Not of the budget for requests: it is gone after the load. */
    private static final BufferAllocator MEMORY = BufferAllocator.unpooled();

    private final FlatModel flat;
    private final Signature declared;

    private RowProbe(FlatModel flat, Signature declared) {
        this.flat = flat;
        this.declared = declared;
    }

    /** False for a model that declares anything but exactly one row, too: what it says is kept. */
    static boolean takesAnyNumberOfRows(FlatModel flat, Signature declared) {
        boolean oneRow = declared.inputs().stream().allMatch(RowProbe::isOneRow)
                && declared.outputs().stream().allMatch(RowProbe::isOneRow);
        return oneRow && new RowProbe(flat, declared).rowsAreIndependent();
    }

    private static boolean isOneRow(TensorSpec spec) {
        Shape shape = spec.shape();
        return spec.type() != DataType.BYTES
                && shape.rank() > 0
                && shape.isConcrete()
                && shape.dimension(0) == 1
                && shape.elementCount() > 0;
    }

    private boolean rowsAreIndependent() {
        SplittableRandom random = new SplittableRandom(20261121);
        List<byte[]> first = row(random);
        List<byte[]> second = row(random);
        try {
            List<Tensor> alone = run(List.of(first));
            List<Tensor> other = run(List.of(second));
            List<Tensor> together = run(List.of(first, second));
            for (int i = 0; i < together.size(); i++) {
                if (!isBoth(together.get(i), alone.get(i), other.get(i))) {
                    return false;
                }
            }
            return true;
        } catch (ServingException e) {
            return false; // it does not run with two rows, which is the answer
        }
    }

    private List<byte[]> row(SplittableRandom random) {
        List<byte[]> row = new ArrayList<>();
        for (TensorSpec input : declared.inputs()) {
            Tensor filled = tensor(input, 1);
            ByteBuffer bytes = NativeOutput.of(filled);
            for (long i = 0; i < input.shape().elementCount(); i++) {
                put(input.type(), random, bytes);
            }
            row.add(filled.data().toByteArray());
        }
        return row;
    }

    /** Small numbers, as wider integers are often places in a table. */
    private static void put(DataType type, SplittableRandom random, ByteBuffer bytes) {
        switch (type) {
            case FP64 -> bytes.putDouble(random.nextDouble());
            case FP32 -> bytes.putFloat((float) random.nextDouble());
            case FP16 -> bytes.putShort((short) random.nextInt(0x3C00));
            case BF16 -> bytes.putShort((short) random.nextInt(0x3F00, 0x3F80));
            case INT8, UINT8 -> bytes.put((byte) random.nextInt());
            case BOOL -> bytes.put((byte) random.nextInt(2));
            case INT16, UINT16 -> bytes.putShort((short) random.nextInt(2));
            case INT32, UINT32 -> bytes.putInt(random.nextInt(2));
            case INT64, UINT64 -> bytes.putLong(random.nextInt(2));
            case BYTES -> throw new IllegalStateException("BYTES are not probed");
        }
    }

    private static Tensor tensor(TensorSpec spec, int rows) {
        Shape shape = spec.shape().withOutermost(rows);
        return new Tensor(
                spec.name(),
                spec.type(),
                shape,
                MEMORY.allocate(shape.elementCount() * spec.type().elementBytes()));
    }

    private List<Tensor> run(List<List<byte[]>> rows) {
        try (PlannedInterpreter interpreter = new PlannedInterpreter(flat.newInterpreter())) {
            List<Shape> shapes = new ArrayList<>();
            declared.inputs().forEach(input -> shapes.add(input.shape().withOutermost(rows.size())));
            interpreter.plan(shapes);
            for (int i = 0; i < declared.inputs().size(); i++) {
                Tensor input = tensor(declared.inputs().get(i), rows.size());
                ByteBuffer bytes = NativeOutput.of(input);
                for (List<byte[]> row : rows) {
                    bytes.put(row.get(i));
                }
                interpreter.write(i, input, MEMORY);
            }
            interpreter.invoke();
            List<Tensor> outputs = new ArrayList<>();
            for (int i = 0; i < declared.outputs().size(); i++) {
                outputs.add(interpreter.read(i, declared.outputs().get(i), MEMORY));
            }
            return outputs;
        }
    }

    private static boolean isBoth(Tensor together, Tensor first, Tensor second) {
        if (!together.shape().equals(first.shape().withOutermost(2))) {
            return false;
        }
        ByteBuffer both = bytes(together);
        return isSame(together.type(), both, bytes(first)) && isSame(together.type(), both, bytes(second));
    }

    private static ByteBuffer bytes(Tensor tensor) {
        return ByteBuffer.wrap(tensor.data().toByteArray()).order(ByteOrder.LITTLE_ENDIAN);
    }

    /** Whether the next elements of {@code both} are those of {@code one}, but for the rounding that another order of adding up makes. */
    private static boolean isSame(DataType type, ByteBuffer both, ByteBuffer one) {
        while (one.hasRemaining()) {
            boolean same = switch (type) {
                case FP32 -> isClose(both.getFloat(), one.getFloat());
                case FP64 -> isClose(both.getDouble(), one.getDouble());
                case INT8, UINT8 -> Math.abs(both.get() - one.get()) <= 1;
                default -> both.get() == one.get();
            };
            if (!same) {
                return false;
            }
        }
        return true;
    }

    private static boolean isClose(double left, double right) {
        return Double.compare(left, right) == 0 || Math.abs(left - right) <= TOLERANCE * Math.max(1, Math.abs(right));
    }
}
