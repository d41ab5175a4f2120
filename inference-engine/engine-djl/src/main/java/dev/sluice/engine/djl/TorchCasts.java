// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.djl;

import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.engine.PtSymbolBlock;
import ai.djl.pytorch.jni.JniUtils;
import dev.sluice.engine.NativeInput;
import dev.sluice.engine.NativeOutput;
import dev.sluice.tensor.BufferAllocator;
import dev.sluice.tensor.DataBuffer;
import dev.sluice.tensor.DataType;
import dev.sluice.tensor.Tensor;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * What libtorch can do and DJL's binding has no call for, said in TorchScript: a module of three lines that this package carries.
 *
 * <p><b>Threads:</b> safe from any thread.
 */
final class TorchCasts {
    private final long module;

    private TorchCasts(long module) {
        this.module = module;
    }

    /** The module, which {@code manager} owns. */
    static TorchCasts load(PtNDManager manager) {
        try (InputStream file = TorchCasts.class.getResourceAsStream("casts.pt")) {
            boolean mapLocation = true;
            boolean hasSize = false;
            PtSymbolBlock module = JniUtils.loadModule(manager, file, mapLocation, hasSize);
            return new TorchCasts(module.getHandle());
        } catch (IOException e) {
            throw new UncheckedIOException("casts.pt cannot be read out of the engine's own jar", e);
        }
    }

    /** libtorch's own number of the tensor's type. */
    long type(long tensor, TorchScope scope) {
        return TorchNatives.toLong(run("type", scope, scope.value(TorchNatives.valueOfTensor(tensor))));
    }

    /** The tensor, or a copy of it, where this process can read it. */
    long onProcessors(long tensor, TorchScope scope) {
        long moved = run("on_processors", scope, scope.value(TorchNatives.valueOfTensor(tensor)));
        return scope.tensor(TorchNatives.toTensor(moved));
    }

    /**
     * A tensor of a type the binding has no number for: its numbers widened here, and narrowed again over there, which gives every one of
     * them back.
     *
     * @param type libtorch's own number of {@code input}'s type
     */
    long narrowed(Tensor input, long type, int[] device, TorchScope scope, BufferAllocator allocator) {
        Tensor wide = wide(input, scope, allocator);
        ByteBuffer numbers = NativeOutput.of(wide).order(ByteOrder.nativeOrder());
        ByteBuffer narrow = scope.readable(NativeInput.of(input, allocator)).bytes();
        widen(input.type(), narrow.duplicate().order(ByteOrder.nativeOrder()), numbers);
        long widened = scope.tensor(
                TorchNatives.tensor(numbers.clear(), wide.shape().toArray(), TorchTypes.number(wide.type()), device));
        long narrowed = run(
                "cast",
                scope,
                scope.value(TorchNatives.valueOfTensor(widened)),
                scope.value(TorchNatives.valueOfLong(type)));
        return scope.tensor(TorchNatives.toTensor(narrowed));
    }

    private long run(String method, TorchScope scope, long... values) {
        return scope.value(TorchNatives.run(module, method, values));
    }

    private static Tensor wide(Tensor input, TorchScope scope, BufferAllocator allocator) {
        DataType type = wide(input.type());
        DataBuffer data =
                allocator.allocate(Math.multiplyExact(input.shape().elementCount(), (long) type.elementBytes()));
        return new Tensor(input.name(), type, input.shape(), scope.buffer(data));
    }

    private static DataType wide(DataType type) {
        return switch (type) {
            case BF16 -> DataType.FP32;
            case INT16, UINT16 -> DataType.INT32;
            default -> DataType.INT64;
        };
    }

    private static void widen(DataType type, ByteBuffer narrow, ByteBuffer wide) {
        switch (type) {
            case BF16 -> {
                while (narrow.hasRemaining()) {
                    wide.putInt(narrow.getShort() << 16);
                }
            }
            case INT16 -> {
                while (narrow.hasRemaining()) {
                    wide.putInt(narrow.getShort());
                }
            }
            case UINT16 -> {
                while (narrow.hasRemaining()) {
                    wide.putInt(Short.toUnsignedInt(narrow.getShort()));
                }
            }
            case UINT32 -> {
                while (narrow.hasRemaining()) {
                    wide.putLong(Integer.toUnsignedLong(narrow.getInt()));
                }
            }
            // The same bits: libtorch wraps them round to what they were.
            default -> wide.put(narrow);
        }
    }
}
