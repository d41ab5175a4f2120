// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.protocol.torchserve.grpc;

import com.google.protobuf.ByteString;
import dev.sluice.api.torchserve.openinference.InferTensorContents;
import dev.sluice.api.torchserve.openinference.ModelInferRequest;
import dev.sluice.api.torchserve.openinference.ModelInferRequest.InferInputTensor;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.Input;
import dev.sluice.inference.ServingException;
import dev.sluice.tensor.BufferAllocator;
import dev.sluice.tensor.ByteElements;
import dev.sluice.tensor.DataBuffer;
import dev.sluice.tensor.DataType;
import dev.sluice.tensor.Shape;
import dev.sluice.tensor.Tensor;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * Tensors of the Open Inference Protocol as ours: elements one by one, or the bytes of {@code raw_input_contents}.
 *
 * <p><b>Errors:</b> {@code INVALID_INPUT} naming the input, what came and what was expected.
 *
 * <p><b>Source:</b> torchserve.md section 4.4; specification/protocol/inference_grpc.md.
 *
 * @param memory where the elements are copied to
 */
record TensorReader(BufferAllocator memory) {
    /** The inputs of {@code request}, owned by the caller. */
    List<Input> read(ModelInferRequest request) {
        int raw = request.getRawInputContentsCount();
        if (raw != 0 && raw != request.getInputsCount()) {
            throw refused("raw_input_contents: " + raw + " (expected: none, or one for each of "
                    + request.getInputsCount() + " inputs)");
        }
        List<Input> inputs = new ArrayList<>();
        try {
            for (int i = 0; i < request.getInputsCount(); i++) {
                InferInputTensor input = request.getInputs(i);
                inputs.add(new Input.OfTensor(raw == 0 ? typed(input) : raw(input, request.getRawInputContents(i))));
            }
            return inputs;
        } catch (RuntimeException | Error e) {
            inputs.forEach(Input::release);
            throw e;
        }
    }

    private Tensor raw(InferInputTensor input, ByteString bytes) {
        DataType type = type(input);
        Shape shape = shape(input);
        if (input.hasContents()) {
            throw refused("input '" + input.getName() + "': contents and raw_input_contents (expected: one of them)");
        }
        DataBuffer data = memory.allocate(bytes.size());
        bytes.copyTo(data.view());
        return checked(input, type, shape, data);
    }

    /** Takes {@code data}, always. */
    private static Tensor checked(InferInputTensor input, DataType type, Shape shape, DataBuffer data) {
        try {
            Tensor tensor = new Tensor(input.getName(), type, shape, data);
            if (type == DataType.BYTES) {
                ByteElements.check(tensor);
            }
            return tensor;
        } catch (IllegalArgumentException e) {
            data.release();
            throw refused(String.valueOf(e.getMessage()));
        }
    }

    private static DataType type(InferInputTensor input) {
        try {
            return DataType.valueOf(input.getDatatype());
        } catch (IllegalArgumentException e) {
            throw new ServingException(
                    ErrorCode.INVALID_INPUT,
                    "input '" + input.getName() + "': datatype '" + input.getDatatype()
                            + "' (expected: BOOL, UINT8, ..., FP64 or BYTES)",
                    e);
        }
    }

    private static Shape shape(InferInputTensor input) {
        long[] dimensions =
                input.getShapeList().stream().mapToLong(Long::longValue).toArray();
        for (long dimension : dimensions) {
            if (dimension < 0) {
                throw refused("input '" + input.getName() + "': shape " + input.getShapeList()
                        + " (expected: no dimension below 0)");
            }
        }
        Shape shape = Shape.of(dimensions);
        try {
            long unused = shape.elementCount();
            return shape;
        } catch (IllegalArgumentException e) {
            throw new ServingException(
                    ErrorCode.INVALID_INPUT, "input '" + input.getName() + "': " + e.getMessage(), e);
        }
    }

    private Tensor typed(InferInputTensor input) {
        DataType type = type(input);
        Shape shape = shape(input);
        InferTensorContents contents = input.getContents();
        int count = count(input, type, contents);
        if (count != shape.elementCount()) {
            throw refused("input '" + input.getName() + "': " + count + " elements of " + type + " (expected: "
                    + shape.elementCount() + " for " + shape + ")");
        }
        if (type == DataType.BYTES) {
            List<byte[]> elements = contents.getBytesContentsList().stream()
                    .map(ByteString::toByteArray)
                    .toList();
            return ByteElements.write(input.getName(), shape, elements, memory);
        }
        DataBuffer data = memory.allocate((long) count * type.elementBytes());
        try {
            fill(data.view(), input.getName(), type, contents);
        } catch (RuntimeException | Error e) {
            data.release();
            throw e;
        }
        return checked(input, type, shape, data);
    }

    private static int count(InferInputTensor input, DataType type, InferTensorContents contents) {
        return switch (type) {
            case BOOL -> contents.getBoolContentsCount();
            case INT8, INT16, INT32 -> contents.getIntContentsCount();
            case INT64 -> contents.getInt64ContentsCount();
            case UINT8, UINT16, UINT32 -> contents.getUintContentsCount();
            case UINT64 -> contents.getUint64ContentsCount();
            case FP32 -> contents.getFp32ContentsCount();
            case FP64 -> contents.getFp64ContentsCount();
            case BYTES -> contents.getBytesContentsCount();
            case FP16, BF16 ->
                throw refused("input '" + input.getName() + "': " + type
                        + " in contents (expected: its bytes in raw_input_contents, since contents have no field for"
                        + " it)");
        };
    }

    private static void fill(ByteBuffer target, String name, DataType type, InferTensorContents contents) {
        switch (type) {
            case BOOL -> contents.getBoolContentsList().forEach(value -> target.put((byte) (value ? 1 : 0)));
            case INT8 ->
                contents.getIntContentsList()
                        .forEach(value -> target.put((byte) within(name, type, value, Byte.MIN_VALUE, Byte.MAX_VALUE)));
            case INT16 ->
                contents.getIntContentsList()
                        .forEach(value ->
                                target.putShort((short) within(name, type, value, Short.MIN_VALUE, Short.MAX_VALUE)));
            case INT32 -> contents.getIntContentsList().forEach(target::putInt);
            case INT64 -> contents.getInt64ContentsList().forEach(target::putLong);
            case UINT8 ->
                contents.getUintContentsList()
                        .forEach(value -> target.put((byte) within(name, type, unsigned(value), 0, 0xFF)));
            case UINT16 ->
                contents.getUintContentsList()
                        .forEach(value -> target.putShort((short) within(name, type, unsigned(value), 0, 0xFFFF)));
            case UINT32 -> contents.getUintContentsList().forEach(target::putInt);
            case UINT64 -> contents.getUint64ContentsList().forEach(target::putLong);
            case FP32 -> contents.getFp32ContentsList().forEach(target::putFloat);
            case FP64 -> contents.getFp64ContentsList().forEach(target::putDouble);
            case FP16, BF16, BYTES -> throw new IllegalStateException(type + " is not read element by element");
        }
    }

    private static long unsigned(int value) {
        return Integer.toUnsignedLong(value);
    }

    private static long within(String name, DataType type, long value, long least, long most) {
        if (value < least || value > most) {
            throw refused(
                    "input '" + name + "': " + value + " (expected: " + least + ".." + most + " for " + type + ")");
        }
        return value;
    }

    private static ServingException refused(String message) {
        return new ServingException(ErrorCode.INVALID_INPUT, message);
    }
}
