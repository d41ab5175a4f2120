// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.protocol.torchserve.grpc;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.google.protobuf.ByteString;
import dev.sluice.api.torchserve.openinference.InferTensorContents;
import dev.sluice.api.torchserve.openinference.ModelInferResponse;
import dev.sluice.api.torchserve.openinference.ModelInferResponse.InferOutputTensor;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.Output;
import dev.sluice.inference.ServingException;
import dev.sluice.tensor.ByteElements;
import dev.sluice.tensor.DataBuffer;
import dev.sluice.tensor.DataType;
import dev.sluice.tensor.Tensor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * Our outputs as tensors of the Open Inference Protocol. A handler that answers in bytes may write the protocol's JSON, as those of
 * the original do; anything else it writes becomes one tensor of BYTES.
 *
 * <p><b>Source:</b> torchserve.md section 4.4.
 */
final class TensorWriter {
    /** The name of bytes that say none. */
    static final String CONTENT = "output";

    private static final JsonMapper JSON = new JsonMapper();

    private TensorWriter() {}

    /**
     * Adds {@code outputs}, which stay their owner's.
     *
     * @param raw whether the client sent raw bytes, and is answered in the same way
     */
    static void write(List<Output> outputs, boolean raw, ModelInferResponse.Builder response) {
        boolean tensors = outputs.stream().allMatch(Output.OfTensor.class::isInstance);
        boolean asBytes = tensors && (raw || outputs.stream().anyMatch(TensorWriter::hasNoField));
        for (Output output : outputs) {
            if (output instanceof Output.OfTensor named) {
                Tensor tensor = named.tensor();
                InferOutputTensor.Builder head = InferOutputTensor.newBuilder()
                        .setName(tensor.name())
                        .setDatatype(tensor.type().name());
                for (long dimension : tensor.shape().toArray()) {
                    head.addShape(dimension);
                }
                if (asBytes) {
                    response.addRawOutputContents(
                            ByteString.copyFrom(tensor.data().view()));
                } else {
                    head.setContents(contents(tensor));
                }
                response.addOutputs(head);
            } else if (output instanceof Output.OfContent content) {
                writeContent(content.content(), response);
            }
        }
    }

    private static boolean hasNoField(Output output) {
        return output instanceof Output.OfTensor named
                && (named.tensor().type() == DataType.FP16 || named.tensor().type() == DataType.BF16);
    }

    private static InferTensorContents contents(Tensor tensor) {
        InferTensorContents.Builder to = InferTensorContents.newBuilder();
        if (tensor.type() == DataType.BYTES) {
            ByteElements.read(tensor).forEach(element -> to.addBytesContents(ByteString.copyFrom(element)));
            return to.build();
        }
        ByteBuffer from = tensor.data().view();
        while (from.hasRemaining()) {
            element(tensor.type(), from, to);
        }
        return to.build();
    }

    private static void element(DataType type, ByteBuffer from, InferTensorContents.Builder to) {
        switch (type) {
            case BOOL -> to.addBoolContents(from.get() != 0);
            case INT8 -> to.addIntContents(from.get());
            case INT16 -> to.addIntContents(from.getShort());
            case INT32 -> to.addIntContents(from.getInt());
            case INT64 -> to.addInt64Contents(from.getLong());
            case UINT8 -> to.addUintContents(Byte.toUnsignedInt(from.get()));
            case UINT16 -> to.addUintContents(Short.toUnsignedInt(from.getShort()));
            case UINT32 -> to.addUintContents(from.getInt());
            case UINT64 -> to.addUint64Contents(from.getLong());
            case FP32 -> to.addFp32Contents(from.getFloat());
            case FP64 -> to.addFp64Contents(from.getDouble());
            case FP16, BF16, BYTES -> throw new IllegalStateException(type + " is not written element by element");
        }
    }

    private static void writeContent(DataBuffer content, ModelInferResponse.Builder response) {
        byte[] bytes = content.toByteArray();
        JsonNode outputs = outputsIn(bytes);
        if (!outputs.isArray()) {
            response.addOutputs(InferOutputTensor.newBuilder()
                    .setName(CONTENT)
                    .setDatatype(DataType.BYTES.name())
                    .addShape(1)
                    .setContents(InferTensorContents.newBuilder().addBytesContents(ByteString.copyFrom(bytes))));
            return;
        }
        for (JsonNode output : outputs) {
            response.addOutputs(fromJson(output));
        }
    }

    private static JsonNode outputsIn(byte[] bytes) {
        if (bytes.length == 0 || bytes[0] != '{') {
            return JSON.missingNode();
        }
        try {
            return JSON.readTree(bytes).path("outputs");
        } catch (IOException e) {
            return JSON.missingNode();
        }
    }

    private static InferOutputTensor fromJson(JsonNode output) {
        InferOutputTensor.Builder head = InferOutputTensor.newBuilder()
                .setName(output.path("name").asText())
                .setDatatype(output.path("datatype").asText());
        output.path("shape").forEach(dimension -> head.addShape(dimension.asLong()));
        InferTensorContents.Builder to = InferTensorContents.newBuilder();
        try {
            flatten(DataType.valueOf(head.getDatatype()), output.path("data"), to);
        } catch (IllegalArgumentException e) {
            throw new ServingException(
                    ErrorCode.ENGINE_FAILED,
                    "output '" + head.getName() + "': datatype '" + head.getDatatype()
                            + "' (expected: one that JSON has" + " numbers for, BOOL or BYTES)",
                    e);
        }
        return head.setContents(to).build();
    }

    private static void flatten(DataType type, JsonNode data, InferTensorContents.Builder to) {
        if (data.isArray()) {
            data.forEach(each -> flatten(type, each, to));
            return;
        }
        switch (type) {
            case BOOL -> to.addBoolContents(data.asBoolean());
            case INT8, INT16, INT32 -> to.addIntContents(data.asInt());
            case INT64 -> to.addInt64Contents(data.asLong());
            case UINT8, UINT16, UINT32 -> to.addUintContents((int) data.asLong());
            case UINT64 -> to.addUint64Contents(data.bigIntegerValue().longValue());
            case FP32 -> to.addFp32Contents((float) data.asDouble());
            case FP64 -> to.addFp64Contents(data.asDouble());
            case BYTES ->
                to.addBytesContents(ByteString.copyFrom(
                        data.isTextual() ? data.textValue() : data.toString(), StandardCharsets.UTF_8));
            case FP16, BF16 -> throw new IllegalArgumentException(type.name());
        }
    }
}
