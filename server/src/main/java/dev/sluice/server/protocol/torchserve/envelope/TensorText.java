// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.protocol.torchserve.envelope;

import dev.sluice.tensor.ByteElements;
import dev.sluice.tensor.DataType;
import dev.sluice.tensor.HalfFloat;
import dev.sluice.tensor.Shape;
import dev.sluice.tensor.Tensor;
import java.nio.ByteBuffer;
import java.util.Base64;
import java.util.Iterator;
import java.util.List;

/** Tensors in JSON. What JSON has no number for, as infinity, is {@code null}; bytes that are no text are in Base64. */
final class TensorText {
    private static final long MASK_32 = 0xffff_ffffL;

    private TensorText() {}

    /** All elements in one list, in row-major order. */
    static String flat(Tensor tensor) {
        StringBuilder text = new StringBuilder();
        Elements elements = new Elements(tensor);
        list(text, elements, tensor.shape().elementCount());
        return text.toString();
    }

    /** Lists in lists as the shape has them; of one row, only that. */
    static String nested(Tensor tensor) {
        Shape shape = tensor.shape();
        boolean isRow = shape.rank() > 1 && shape.dimension(0) == 1;
        StringBuilder text = new StringBuilder();
        nest(text, new Elements(tensor), isRow ? shape.row() : shape, 0);
        return text.toString();
    }

    private static void nest(StringBuilder text, Elements elements, Shape shape, int dimension) {
        if (dimension == shape.rank()) {
            text.append(elements.next());
        } else if (dimension == shape.rank() - 1) {
            list(text, elements, shape.dimension(dimension));
        } else {
            text.append('[');
            for (long i = 0; i < shape.dimension(dimension); i++) {
                text.append(i == 0 ? "" : ", ");
                nest(text, elements, shape, dimension + 1);
            }
            text.append(']');
        }
    }

    private static void list(StringBuilder text, Elements elements, long count) {
        text.append('[');
        for (long i = 0; i < count; i++) {
            text.append(i == 0 ? "" : ", ").append(elements.next());
        }
        text.append(']');
    }

    /** The elements of a tensor, one after the other, each as JSON. */
    private static final class Elements {
        private final DataType type;
        private final ByteBuffer bytes;
        private final Iterator<byte[]> texts;

        private Elements(Tensor tensor) {
            this.type = tensor.type();
            this.bytes = tensor.data().view();
            this.texts = (type == DataType.BYTES ? ByteElements.read(tensor) : List.<byte[]>of()).iterator();
        }

        private String next() {
            return switch (type) {
                case BOOL -> bytes.get() == 0 ? "false" : "true";
                case UINT8 -> String.valueOf(bytes.get() & 0xff);
                case UINT16 -> String.valueOf(bytes.getShort() & 0xffff);
                case UINT32 -> String.valueOf(bytes.getInt() & MASK_32);
                case UINT64 -> Long.toUnsignedString(bytes.getLong());
                case INT8 -> String.valueOf(bytes.get());
                case INT16 -> String.valueOf(bytes.getShort());
                case INT32 -> String.valueOf(bytes.getInt());
                case INT64 -> String.valueOf(bytes.getLong());
                case FP16 -> single(HalfFloat.toFloat(bytes.getShort()));
                case BF16 -> single(HalfFloat.brainToFloat(bytes.getShort()));
                case FP32 -> single(bytes.getFloat());
                case FP64 -> {
                    double number = bytes.getDouble();
                    yield Double.isFinite(number) ? Double.toString(number) : "null";
                }
                case BYTES -> text(texts.next());
            };
        }

        private static String single(float number) {
            return Float.isFinite(number) ? Float.toString(number) : "null";
        }

        private static String text(byte[] element) {
            return AnswerJson.quoted(
                    AnswerJson.text(element).orElseGet(() -> Base64.getEncoder().encodeToString(element)));
        }
    }
}
