// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.tflite;

import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.tensor.BufferAllocator;
import dev.sluice.tensor.ByteElements;
import dev.sluice.tensor.Shape;
import dev.sluice.tensor.Tensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.tensorflowlite.TfLiteTensor;
import org.bytedeco.tensorflowlite.global.tensorflowlite;

/**
 * Strings as TF Lite keeps them: how many, for each where it starts, where the last one ends, all as 4 bytes in the machine's
 * order, and then their bytes.
 */
final class StringTensors {
    private StringTensors() {}

    /** @throws ServingException {@code INVALID_INPUT} if {@code source} is not what a tensor of strings has to be */
    static void write(Tensor source, TfLiteTensor target) {
        List<byte[]> elements = elements(source);
        long size = (elements.size() + 2L) * Integer.BYTES;
        for (byte[] element : elements) {
            size += element.length;
        }
        if (size > Integer.MAX_VALUE || tensorflowlite.TfLiteTensorRealloc(size, target) != tensorflowlite.kTfLiteOk) {
            throw new ServingException(ErrorCode.OUT_OF_MEMORY, "No memory to run the model on this input");
        }
        ByteBuffer bytes = target.data().raw().<BytePointer>capacity(size).asByteBuffer();
        bytes.order(ByteOrder.nativeOrder()).putInt(elements.size());
        int start = (elements.size() + 2) * Integer.BYTES;
        for (byte[] element : elements) {
            bytes.putInt(start);
            start += element.length;
        }
        bytes.putInt(start);
        elements.forEach(bytes::put);
    }

    private static List<byte[]> elements(Tensor source) {
        try {
            return ByteElements.read(source);
        } catch (IllegalArgumentException e) {
            throw new ServingException(ErrorCode.INVALID_INPUT, String.valueOf(e.getMessage()), e);
        }
    }

    /** Whether {@code bytes} are {@code count} texts that lie one behind the other in them. */
    static boolean areTexts(ByteBuffer bytes, long count) {
        long head = (count + 2) * Integer.BYTES;
        if (bytes.capacity() < head || bytes.getInt(0) != count) {
            return false;
        }
        int from = (int) head;
        for (int i = 1; i <= count + 1; i++) {
            int next = bytes.getInt(i * Integer.BYTES);
            if (next < from || next > bytes.capacity()) {
                return false;
            }
            from = next;
        }
        return true;
    }

    /** What {@code bytes} hold as a tensor of ours, owned by the caller. */
    static Tensor read(String name, Shape shape, ByteBuffer bytes, BufferAllocator allocator) {
        ByteBuffer source = bytes.duplicate().order(ByteOrder.nativeOrder());
        long expected = shape.elementCount();
        if (expected > 0 ? !areTexts(source, expected) : source.hasRemaining() && source.getInt(0) != 0) {
            throw new ServingException(
                    ErrorCode.ENGINE_FAILED,
                    "output '" + name + "': " + source.remaining() + " bytes (expected: " + expected + " texts, for "
                            + shape + ")");
        }
        int count = (int) expected;
        List<byte[]> elements = new ArrayList<>(count);
        for (int i = 1; i <= count; i++) {
            int start = source.getInt(i * Integer.BYTES);
            byte[] element = new byte[source.getInt((i + 1) * Integer.BYTES) - start];
            source.get(start, element);
            elements.add(element);
        }
        return ByteElements.write(name, shape, elements, allocator);
    }
}
