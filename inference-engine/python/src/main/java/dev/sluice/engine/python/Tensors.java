// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.python;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import dev.sluice.inference.Output;
import dev.sluice.tensor.DataBuffer;
import dev.sluice.tensor.DataType;
import dev.sluice.tensor.Shape;
import dev.sluice.tensor.Tensor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Tensors as our worker answers them: one line of JSON that says what they are, then their bytes, one after the other.
 *
 * <p><b>Threads:</b> safe from any thread.
 */
final class Tensors {
    /** Content type of such a body. */
    static final String CONTENT_TYPE = "application/x-sluice-tensors";

    private static final JsonFactory JSON = new JsonFactory();
    private static final int MOST_DIMENSIONS = 64;
    private static final int LONGEST_LINE = 1 << 20;

    private Tensors() {}

    /**
     * The tensors in {@code body}, which stays the caller's.
     *
     * @throws WireException if they are not as the line says
     */
    static List<Output> read(DataBuffer body) throws WireException {
        ByteBuffer bytes = body.view();
        List<Declared> declared = declared(line(bytes));
        List<Output> outputs = new ArrayList<>(declared.size());
        try {
            int at = bytes.position();
            for (Declared each : declared) {
                outputs.add(new Output.OfTensor(each.tensor(body, at)));
                at += each.bytes();
            }
            if (at != body.size()) {
                throw new WireException("tensors: " + (body.size() - at) + " bytes more than their line says");
            }
            return outputs;
        } catch (WireException | RuntimeException e) {
            outputs.forEach(Output::release);
            throw e instanceof WireException wrong ? wrong : new WireException("tensors: " + e.getMessage());
        }
    }

    private static byte[] line(ByteBuffer bytes) throws WireException {
        for (int i = 0; i < Math.min(bytes.remaining(), LONGEST_LINE); i++) {
            if (bytes.get(i) == '\n') {
                byte[] line = new byte[i];
                bytes.get(line).get();
                return line;
            }
        }
        throw new WireException("tensors: no line that says what they are");
    }

    private static List<Declared> declared(byte[] line) throws WireException {
        try (JsonParser json = JSON.createParser(line)) {
            expect(json, JsonToken.START_OBJECT);
            expect(json, JsonToken.FIELD_NAME);
            if (!json.currentName().equals("outputs")) {
                throw new WireException("tensors: '" + json.currentName() + "' (expected: 'outputs')");
            }
            expect(json, JsonToken.START_ARRAY);
            List<Declared> declared = new ArrayList<>();
            while (json.nextToken() == JsonToken.START_OBJECT) {
                declared.add(Declared.read(json));
            }
            return declared;
        } catch (WireException e) {
            throw e;
        } catch (IOException | IllegalArgumentException e) {
            throw new WireException("tensors: " + e.getMessage());
        }
    }

    private static void expect(JsonParser json, JsonToken token) throws IOException {
        if (json.nextToken() != token) {
            throw new WireException("tensors: " + json.currentToken() + " (expected: " + token + ")");
        }
    }

    private record Declared(String name, DataType type, Shape shape, int bytes) {
        static Declared read(JsonParser json) throws IOException {
            String name = "";
            DataType type = DataType.BYTES;
            @Nullable Shape shape = null;
            int bytes = -1;
            while (json.nextToken() == JsonToken.FIELD_NAME) {
                String field = json.currentName();
                json.nextToken();
                switch (field) {
                    case "name" -> name = json.getValueAsString("");
                    case "datatype" -> type = DataType.valueOf(json.getValueAsString(""));
                    case "shape" -> shape = shape(json);
                    case "bytes" -> bytes = json.getIntValue();
                    default -> json.skipChildren();
                }
            }
            if (name.isEmpty() || shape == null || bytes < 0) {
                throw new WireException("tensors: output '" + name + "' without name, shape or bytes");
            }
            return new Declared(name, type, shape, bytes);
        }

        private static Shape shape(JsonParser json) throws IOException {
            long[] dimensions = new long[MOST_DIMENSIONS];
            int rank = 0;
            while (json.nextToken() == JsonToken.VALUE_NUMBER_INT && rank < MOST_DIMENSIONS) {
                dimensions[rank++] = json.getLongValue();
            }
            if (json.currentToken() != JsonToken.END_ARRAY) {
                throw new WireException("tensors: shape (expected: a list of at most " + MOST_DIMENSIONS + " numbers)");
            }
            return Shape.of(Arrays.copyOf(dimensions, rank));
        }

        Tensor tensor(DataBuffer body, int at) throws WireException {
            if (bytes > body.size() - at) {
                throw new WireException("tensors: output '" + name + "' has " + bytes + " bytes (expected: at most "
                        + (body.size() - at) + ", what is left)");
            }
            DataBuffer data = body.retainedSlice(at, bytes);
            try {
                return new Tensor(name, type, shape, data);
            } catch (RuntimeException e) {
                data.release();
                throw e;
            }
        }
    }
}
