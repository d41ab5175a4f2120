// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.tensorflow;

import dev.sluice.engine.NativeInput;
import dev.sluice.engine.NativeOutput;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.model.TensorSpec;
import dev.sluice.tensor.BufferAllocator;
import dev.sluice.tensor.ByteElements;
import dev.sluice.tensor.DataBuffer;
import dev.sluice.tensor.DataType;
import dev.sluice.tensor.Shape;
import dev.sluice.tensor.Tensor;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;
import org.tensorflow.internal.c_api.TF_TString;
import org.tensorflow.internal.c_api.TF_Tensor;
import org.tensorflow.internal.c_api.global.tensorflow;

/**
 * A tensor of ours in TensorFlow's memory. It is copied there: the runtime reads nothing that does not begin at a multiple of 64,
 * and calls back into Java to say that it is done with memory that is not its own.
 *
 * <p><b>Ownership:</b> closing gives up our share; the runtime may keep one.
 */
final class NativeTensor implements AutoCloseable {
    /** Size of a {@code TF_TString}, whatever it holds. */
    private static final long STRING_BYTES = 24;

    private final TF_Tensor handle;
    private final boolean isStrings;

    private NativeTensor(TF_Tensor handle, boolean isStrings) {
        this.handle = handle;
        this.isStrings = isStrings;
    }

    /**
     * A copy of {@code tensor}.
     *
     * @param type TensorFlow's number of its type
     * @param allocator of memory for bytes that cannot be read where they are
     */
    static NativeTensor of(Tensor tensor, int type, BufferAllocator allocator) {
        return tensor.type() == DataType.BYTES ? strings(tensor, type) : numbers(tensor, type, allocator);
    }

    private static NativeTensor numbers(Tensor tensor, int type, BufferAllocator allocator) {
        long[] sizes = tensor.shape().toArray();
        long bytes = tensor.data().size();
        TF_Tensor handle = allocated(tensorflow.TF_AllocateTensor(type, sizes, sizes.length, bytes));
        NativeTensor copy = new NativeTensor(handle, false);
        if (bytes > 0) {
            try (NativeInput input = NativeInput.of(tensor, allocator)) {
                bytes(handle, bytes).put(input.bytes());
            } catch (RuntimeException | Error e) {
                copy.close();
                throw e;
            }
        }
        return copy;
    }

    private static NativeTensor strings(Tensor tensor, int type) {
        List<byte[]> elements;
        try {
            elements = ByteElements.read(tensor);
        } catch (IllegalArgumentException e) {
            throw new ServingException(ErrorCode.INVALID_INPUT, String.valueOf(e.getMessage()), e);
        }
        // This binding's method prepares the strings, and its deallocator frees them, unless the runtime has a share.
        TF_Tensor handle = allocated(
                TF_Tensor.allocateTensor(type, tensor.shape().toArray(), (long) elements.size() * STRING_BYTES));
        TF_TString strings = new TF_TString(tensorflow.TF_TensorData(handle));
        for (int i = 0; i < elements.size(); i++) {
            BytePointer element = new BytePointer(elements.get(i));
            tensorflow.TF_TString_Copy(strings.position(i), element, elements.get(i).length);
            element.deallocate();
        }
        return new NativeTensor(handle, true);
    }

    private static TF_Tensor allocated(TF_Tensor tensor) {
        if (Pointer.isNull(tensor)) {
            throw new ServingException(ErrorCode.OUT_OF_MEMORY, "No memory to run the model on this input");
        }
        return tensor;
    }

    private static ByteBuffer bytes(TF_Tensor tensor, long size) {
        return tensorflow.TF_TensorData(tensor).capacity(size).asByteBuffer();
    }

    TF_Tensor handle() {
        return handle;
    }

    /** A copy of {@code source} in memory of ours, owned by the caller. */
    static Tensor copy(TF_Tensor source, TensorSpec declared, BufferAllocator allocator) {
        long[] sizes = new long[tensorflow.TF_NumDims(source)];
        for (int i = 0; i < sizes.length; i++) {
            sizes[i] = tensorflow.TF_Dim(source, i);
        }
        Shape shape = Shape.of(sizes);
        if (declared.type() == DataType.BYTES) {
            return ByteElements.write(declared.name(), shape, elements(source, shape), allocator);
        }
        long size = tensorflow.TF_TensorByteSize(source);
        if (size > Integer.MAX_VALUE) {
            throw new ServingException(
                    ErrorCode.ENGINE_FAILED,
                    "output '" + declared.name() + "': " + shape + " (expected: " + Integer.MAX_VALUE
                            + " bytes at most)");
        }
        DataBuffer data = allocator.allocate(size);
        Tensor copy = new Tensor(declared.name(), declared.type(), shape, data);
        if (size > 0) {
            NativeOutput.of(copy).put(bytes(source, size));
        }
        return copy;
    }

    private static List<byte[]> elements(TF_Tensor source, Shape shape) {
        TF_TString strings = new TF_TString(tensorflow.TF_TensorData(source));
        List<byte[]> elements = new ArrayList<>();
        for (long i = 0; i < shape.elementCount(); i++) {
            TF_TString string = strings.position(i);
            byte[] element = new byte[Math.toIntExact(tensorflow.TF_TString_GetSize(string))];
            if (element.length > 0) {
                tensorflow.TF_TString_GetDataPointer(string)
                        .capacity(element.length)
                        .asByteBuffer()
                        .get(element);
            }
            elements.add(element);
        }
        return elements;
    }

    @Override
    public void close() {
        if (isStrings) {
            handle.deallocate();
        } else {
            tensorflow.TF_DeleteTensor(handle);
        }
    }
}
