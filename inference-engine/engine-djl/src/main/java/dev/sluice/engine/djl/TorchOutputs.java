// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.djl;

import dev.sluice.engine.NativeOutput;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.tensor.BufferAllocator;
import dev.sluice.tensor.DataBuffer;
import dev.sluice.tensor.DataType;
import dev.sluice.tensor.Shape;
import dev.sluice.tensor.Tensor;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What a module returned, as tensors, each copied once out of libtorch's memory.
 *
 * <p>Tensors are numbered where they stand, {@code output_0}, {@code output_1}, whatever tuples and lists they stand in. What a
 * dictionary holds goes by its key, {@code scores}; in a dictionary that is not the whole answer, behind the dictionary's own name,
 * {@code output_0.scores}; in a list that a dictionary holds, by its place there, {@code scores.0}.
 *
 * <p><b>Threads:</b> confined to the thread of the call.
 *
 * <p><b>Ownership:</b> the tensors are the caller's of {@link #take}.
 */
final class TorchOutputs {
    private static final String FIRST = "output_";
    private static final String FIRST_NAME = FIRST + 0;

    private final TorchModel model;
    private final TorchScope scope;
    private final BufferAllocator allocator;
    private final List<Tensor> tensors = new ArrayList<>(1);

    /** Written by the thread of the call: the number of the next output without a name. */
    private int next;

    private TorchOutputs(TorchModel model, TorchScope scope, BufferAllocator allocator) {
        this.model = model;
        this.scope = scope;
        this.allocator = allocator;
    }

    /** The tensors in {@code result}, which may be one or hold some. */
    static List<Tensor> take(long result, TorchModel model, TorchScope scope, BufferAllocator allocator) {
        TorchOutputs outputs = new TorchOutputs(model, scope, allocator);
        try {
            if (TorchNatives.isMap(result)) {
                outputs.collectEntries(result, "");
            } else {
                outputs.collect(result, null);
            }
            outputs.requireDistinctNames();
            return outputs.tensors;
        } catch (RuntimeException | Error e) {
            outputs.tensors.forEach(Tensor::release);
            throw e;
        }
    }

    private void collect(long value, @Nullable String name) {
        if (TorchNatives.isTensor(value)) {
            add(nameOr(name), scope.tensor(TorchNatives.toTensor(value)));
        } else if (TorchNatives.isTuple(value)) {
            collectParts(scope.values(TorchNatives.tupleParts(value)), name);
        } else if (TorchNatives.isMap(value)) {
            collectEntries(value, nameOr(name) + ".");
        } else {
            collectOther(value, name, TorchNatives.type(value));
        }
    }

    private void collectParts(long[] parts, @Nullable String name) {
        for (int i = 0; i < parts.length; i++) {
            collect(parts[i], name == null ? null : name + "." + i);
        }
    }

    private void collectEntries(long map, String prefix) {
        long[] parts = scope.values(TorchNatives.mapParts(map));
        Map<String, Long> sorted = new TreeMap<>();
        for (int i = 0; i < parts.length; i += 2) {
            sorted.put(key(parts[i]), parts[i + 1]);
        }
        sorted.forEach((key, value) -> collect(value, prefix + key));
    }

    private static String key(long key) {
        String type = TorchNatives.type(key);
        return switch (type) {
            case "str" -> TorchNatives.toText(key);
            case "int" -> Long.toString(TorchNatives.toLong(key));
            default -> throw unfit("a dictionary with keys of type " + type, "keys of type str or int");
        };
    }

    private void collectOther(long value, @Nullable String name, String type) {
        switch (type) {
            // A part that is not there keeps its number, so that those after it keep theirs.
            case "NoneType" -> nameOr(name);
            case "int" -> addNumbers(nameOr(name), new long[] {TorchNatives.toLong(value)}, Shape.of());
            case "float" -> addNumbers(nameOr(name), new double[] {TorchNatives.toDouble(value)}, Shape.of());
            case "bool" -> addNumbers(nameOr(name), new boolean[] {TorchNatives.toBoolean(value)}, Shape.of());
            case "int[]" -> {
                long[] numbers = TorchNatives.toLongs(value);
                addNumbers(nameOr(name), numbers, Shape.of(numbers.length));
            }
            case "float[]" -> {
                double[] numbers = TorchNatives.toDoubles(value);
                addNumbers(nameOr(name), numbers, Shape.of(numbers.length));
            }
            case "bool[]" -> {
                boolean[] numbers = TorchNatives.toBooleans(value);
                addNumbers(nameOr(name), numbers, Shape.of(numbers.length));
            }
            default -> {
                if (!TorchNatives.isList(value)) {
                    throw unfit(
                            "a value of type " + type,
                            "tensors and numbers, alone or in tuples, lists and dictionaries");
                }
                collectParts(scope.values(TorchNatives.listParts(value)), name);
            }
        }
    }

    private String nameOr(@Nullable String name) {
        if (name != null) {
            return name;
        }
        return next++ == 0 ? FIRST_NAME : FIRST + (next - 1);
    }

    private void addNumbers(String name, long[] numbers, Shape shape) {
        fill(allocate(name, DataType.INT64, shape)).asLongBuffer().put(numbers);
    }

    private void addNumbers(String name, double[] numbers, Shape shape) {
        fill(allocate(name, DataType.FP64, shape)).asDoubleBuffer().put(numbers);
    }

    private void addNumbers(String name, boolean[] numbers, Shape shape) {
        ByteBuffer bytes = fill(allocate(name, DataType.BOOL, shape));
        for (boolean number : numbers) {
            bytes.put((byte) (number ? 1 : 0));
        }
    }

    private void add(String name, long tensor) {
        DataType type = type(name, tensor);
        Tensor copy = allocate(name, type, Shape.of(TorchNatives.sizes(tensor)));
        if (copy.data().size() > 0) {
            long here = model.isOnProcessors() ? tensor : model.casts().onProcessors(tensor, scope);
            long dense = TorchNatives.layout(here) == 0 ? here : scope.tensor(TorchNatives.dense(here));
            long inOrder = TorchNatives.isContiguous(dense) ? dense : scope.tensor(TorchNatives.contiguous(dense));
            fill(copy).put(TorchNatives.view(inOrder));
        }
    }

    private DataType type(String name, long tensor) {
        int number = TorchNatives.elementType(tensor);
        DataType type = TorchTypes.ours(number);
        if (type != null) {
            return type;
        }
        long theirs = number == TorchTypes.UNKNOWN ? model.casts().type(tensor, scope) : -1;
        return TorchTypes.ofNarrowed(theirs)
                .orElseThrow(() -> unfit(
                        "output '" + name + "' of a type no client has a name for", "one of " + TorchTypes.passable()));
    }

    private static ByteBuffer fill(Tensor tensor) {
        return NativeOutput.of(tensor);
    }

    /** A tensor of ours among the outputs; from here on its buffer is seen to whatever the rest throws. */
    private Tensor allocate(String name, DataType type, Shape shape) {
        long size = Math.multiplyExact(shape.elementCount(), (long) type.elementBytes());
        if (size > Integer.MAX_VALUE) {
            throw unfit("output '" + name + "' of shape " + shape, Integer.MAX_VALUE + " bytes at most");
        }
        DataBuffer data = allocator.allocate(size);
        Tensor tensor = new Tensor(name, type, shape, data);
        tensors.add(tensor);
        return tensor;
    }

    private void requireDistinctNames() {
        if (tensors.size() == 1) {
            return;
        }
        Set<String> names = new HashSet<>();
        for (Tensor tensor : tensors) {
            if (!names.add(tensor.name())) {
                throw unfit("two outputs by the name '" + tensor.name() + "'", "names that differ");
            }
        }
    }

    private static ServingException unfit(String what, String expected) {
        return new ServingException(
                ErrorCode.ENGINE_FAILED, "The model returned " + what + " (expected: " + expected + ")");
    }
}
