// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.djl;

import dev.sluice.engine.NativeInput;
import dev.sluice.engine.NativeOutput;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.model.Device;
import dev.sluice.tensor.BufferAllocator;
import dev.sluice.tensor.CopyReason;
import dev.sluice.tensor.DataBuffer;
import dev.sluice.tensor.DataType;
import dev.sluice.tensor.Tensor;
import java.nio.ByteBuffer;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Tensors as the arguments of a module.
 *
 * <p>A module is called with values made here and not through DJL's own {@code forward}, which gives names of inputs a meaning, and
 * loses the inputs' values when the module throws.
 *
 * <p><b>Threads:</b> safe from any thread.
 */
final class TorchInputs {
    /** libtorch's own number of the kind of device, c10/core/DeviceType.h. */
    private static final int PROCESSORS = 0;

    private static final int CARDS = 1;

    private final InputStyle style;
    private final int[] device;
    private final boolean writes;
    private final TorchCasts casts;
    private final BufferAllocator allocator;

    /**
     * @param device where the module is
     * @param writes whether the module may write into its arguments
     */
    TorchInputs(InputStyle style, Device device, boolean writes, TorchCasts casts, BufferAllocator allocator) {
        this.style = style;
        this.writes = writes;
        this.device = new int[] {device.kind() == Device.Kind.CPU ? PROCESSORS : CARDS, device.index()};
        this.casts = casts;
        this.allocator = allocator;
    }

    /** Slots for an instance, if its inputs can be copied into them. */
    Optional<TorchSlots> newSlots() {
        return onProcessors() ? Optional.of(new TorchSlots(device, allocator)) : Optional.empty();
    }

    private boolean onProcessors() {
        return device[0] == PROCESSORS;
    }

    /** The arguments; {@code inputs} must outlive {@code scope}, which frees all that is not in {@code slots}. */
    long[] values(List<Tensor> inputs, Optional<TorchSlots> slots, TorchScope scope) {
        long[] tensors = new long[inputs.size()];
        long[] values = new long[inputs.size()];
        for (int i = 0; i < tensors.length; i++) {
            Tensor input = inputs.get(i);
            TorchSlot slot = slots.isPresent() ? slots.get().filled(i, input) : null;
            tensors[i] = slot != null ? slot.tensor() : tensor(input, scope);
            values[i] = slot != null ? slot.value() : scope.value(TorchNatives.valueOfTensor(tensors[i]));
        }
        return switch (style) {
            case POSITIONAL -> values;
            case LIST -> new long[] {scope.value(TorchNatives.valueOfTensors(tensors))};
            case TUPLE -> new long[] {scope.value(TorchNatives.valueOfTuple(values))};
            case DICT -> new long[] {scope.value(TorchNatives.valueOfMap(names(inputs), tensors))};
        };
    }

    private static String[] names(List<Tensor> inputs) {
        Set<String> seen = new HashSet<>();
        for (Tensor input : inputs) {
            if (!seen.add(input.name())) {
                throw new ServingException(
                        ErrorCode.INVALID_INPUT,
                        "input '" + input.name()
                                + "': there twice (expected: once, as a key of the model's dictionary)");
            }
        }
        return inputs.stream().map(Tensor::name).toArray(String[]::new);
    }

    private long tensor(Tensor input, TorchScope scope) {
        int number = TorchTypes.number(input.type());
        if (number < 0) {
            return narrowed(input, scope);
        }
        // The address of the whole buffer is taken, whatever its position; these bytes start at 0.
        NativeInput readable = scope.readable(NativeInput.of(input, allocator));
        boolean keep = writes && onProcessors() && readable.isShared();
        ByteBuffer bytes = keep ? copy(input, scope) : readable.bytes();
        return scope.tensor(TorchNatives.tensor(bytes, input.shape().toArray(), number, device));
    }

    /** What the caller sent stays as it was: a request may run again, or go on to another model. */
    private ByteBuffer copy(Tensor input, TorchScope scope) {
        DataBuffer data = scope.buffer(allocator.allocate(input.data().size()));
        Tensor copy = new Tensor(input.name(), input.type(), input.shape(), data);
        try (NativeInput readable = NativeInput.of(input, allocator)) {
            NativeOutput.of(copy).put(readable.bytes());
        }
        allocator.copied(CopyReason.WRITTEN);
        return NativeOutput.of(copy);
    }

    private long narrowed(Tensor input, TorchScope scope) {
        Optional<Long> type = TorchTypes.narrowed(input.type());
        if (type.isEmpty()) {
            throw refused(input.name(), input.type());
        }
        return casts.narrowed(input, type.get(), device, scope, allocator);
    }

    private static ServingException refused(String name, DataType type) {
        return new ServingException(
                ErrorCode.INVALID_INPUT,
                "input '" + name + "': " + type + " (expected: one of " + TorchTypes.passable() + ")");
    }
}
