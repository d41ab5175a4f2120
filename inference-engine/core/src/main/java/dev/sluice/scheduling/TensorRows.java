// SPDX-License-Identifier: Apache-2.0
package dev.sluice.scheduling;

import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.tensor.DataBuffer;
import dev.sluice.tensor.DataType;
import dev.sluice.tensor.Tensor;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Cuts tensors along their rows, and puts such parts together again. */
final class TensorRows {
    private TensorRows() {}

    /**
     * {@code tensor} in parts of {@code most} rows, the last one with the rest; views of its bytes, owned by the caller.
     *
     * @param tensor of rank 1 or more
     * @throws ServingException {@code INVALID_INPUT} if its bytes are not what its type says
     */
    static List<Tensor> cut(Tensor tensor, int most) {
        int rows = (int) tensor.shape().dimension(0);
        int[] starts = tensor.type() == DataType.BYTES ? startsOfTexts(tensor, rows) : startsOfNumbers(tensor, rows);
        List<Tensor> parts = new ArrayList<>();
        for (int from = 0; from < rows; from += most) {
            int to = Math.min(rows, from + most);
            DataBuffer bytes = tensor.data().retainedSlice(starts[from], starts[to] - starts[from]);
            parts.add(new Tensor(tensor.name(), tensor.type(), tensor.shape().withOutermost(to - from), bytes));
        }
        return parts;
    }

    private static int[] startsOfNumbers(Tensor tensor, int rows) {
        int rowBytes = tensor.data().size() / rows;
        int[] starts = new int[rows + 1];
        for (int row = 0; row <= rows; row++) {
            starts[row] = row * rowBytes;
        }
        return starts;
    }

    private static int[] startsOfTexts(Tensor tensor, int rows) {
        ByteBuffer bytes = tensor.data().view();
        long textsPerRow = tensor.shape().row().elementCount();
        int[] starts = new int[rows + 1];
        for (int row = 0; row < rows; row++) {
            for (long text = 0; text < textsPerRow; text++) {
                skipText(tensor, bytes);
            }
            starts[row + 1] = bytes.position();
        }
        if (bytes.hasRemaining()) {
            throw malformed(tensor, bytes.position());
        }
        return starts;
    }

    private static void skipText(Tensor tensor, ByteBuffer bytes) {
        int at = bytes.position();
        int length = bytes.remaining() < Integer.BYTES ? -1 : bytes.getInt();
        if (length < 0 || length > bytes.remaining()) {
            throw malformed(tensor, at);
        }
        bytes.position(bytes.position() + length);
    }

    private static ServingException malformed(Tensor tensor, int at) {
        return new ServingException(
                ErrorCode.INVALID_INPUT,
                "tensor '" + tensor.name() + "': byte " + at + " of "
                        + tensor.data().size() + " (expected: " + tensor.shape().elementCount()
                        + " texts, each after its length in 4 bytes, and nothing else)");
    }

    /**
     * One tensor with the rows of all {@code parts}, which stay the caller's; empty if they do not differ in their rows alone, or
     * are too large together.
     */
    static Optional<Tensor> join(List<Tensor> parts) {
        Tensor first = parts.get(0);
        long rows = 0;
        long bytes = 0;
        for (Tensor part : parts) {
            if (!isAlike(first, part)) {
                return Optional.empty();
            }
            rows += part.shape().dimension(0);
            bytes += part.data().size();
        }
        if (bytes > Integer.MAX_VALUE) {
            return Optional.empty();
        }
        ByteBuffer joined = ByteBuffer.allocate((int) bytes);
        parts.forEach(part -> joined.put(part.data().view()));
        DataBuffer data = DataBuffer.wrap(joined.array());
        return Optional.of(new Tensor(first.name(), first.type(), first.shape().withOutermost(rows), data));
    }

    private static boolean isAlike(Tensor one, Tensor other) {
        return one.shape().rank() > 0
                && other.shape().rank() > 0
                && one.name().equals(other.name())
                && one.type() == other.type()
                && one.shape().row().equals(other.shape().row());
    }
}
