// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.onnxruntime;

import dev.sluice.tensor.Shape;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * A model file without inputs whose only output is a tensor of texts, written as the protocol buffers that ONNX files are.
 * Source: onnx/onnx {@code onnx/onnx.proto}, for the numbers of the fields.
 */
final class ConstantGraph {
    private static final int VARINT = 0;
    private static final int LENGTH_DELIMITED = 2;

    /** {@code TensorProto.DataType.STRING}. */
    private static final int STRING = 8;

    private static final int IR_VERSION = 8;
    private static final int OPSET = 17;
    private static final int MORE = 0x80;

    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

    private ConstantGraph() {}

    /** The content of such a file. */
    static byte[] of(Shape shape, List<byte[]> texts) {
        ConstantGraph opset = new ConstantGraph().text(1, "").number(2, OPSET);
        return new ConstantGraph()
                .number(1, IR_VERSION)
                .message(7, graph(shape, texts))
                .message(8, opset)
                .toByteArray();
    }

    private static ConstantGraph graph(Shape shape, List<byte[]> texts) {
        ConstantGraph node = new ConstantGraph().text(1, "texts").text(2, "y").text(4, "Identity");
        ConstantGraph type = new ConstantGraph().message(1, new ConstantGraph().number(1, STRING));
        return new ConstantGraph()
                .message(1, node)
                .text(2, "constant")
                .message(5, tensor(shape, texts))
                .message(12, new ConstantGraph().text(1, "y").message(2, type));
    }

    private static ConstantGraph tensor(Shape shape, List<byte[]> texts) {
        ConstantGraph tensor = new ConstantGraph();
        for (int i = 0; i < shape.rank(); i++) {
            tensor.number(1, shape.dimension(i));
        }
        tensor.number(2, STRING);
        for (byte[] text : texts) {
            tensor.bytes(6, text);
        }
        return tensor.text(8, "texts");
    }

    private ConstantGraph number(int field, long value) {
        varint((long) field << 3 | VARINT);
        varint(value);
        return this;
    }

    private ConstantGraph text(int field, String value) {
        return bytes(field, value.getBytes(StandardCharsets.UTF_8));
    }

    private ConstantGraph message(int field, ConstantGraph value) {
        return bytes(field, value.toByteArray());
    }

    private ConstantGraph bytes(int field, byte[] value) {
        varint((long) field << 3 | LENGTH_DELIMITED);
        varint(value.length);
        bytes.writeBytes(value);
        return this;
    }

    private void varint(long value) {
        long rest = value;
        while ((rest & -MORE) != 0) {
            bytes.write((int) (rest & (MORE - 1)) | MORE);
            rest >>>= 7;
        }
        bytes.write((int) rest);
    }

    private byte[] toByteArray() {
        return bytes.toByteArray();
    }
}
