// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.protocol.torchserve.envelope;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import dev.sluice.inference.Input;
import dev.sluice.tensor.BufferAllocator;
import dev.sluice.tensor.ByteElements;
import dev.sluice.tensor.DataBuffer;
import dev.sluice.tensor.DataType;
import dev.sluice.tensor.Shape;
import dev.sluice.tensor.Tensor;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A request of the Open Inference protocol in JSON.
 *
 * <p><b>Ownership:</b> owns its tensors.
 *
 * @param wantedOutputs empty for all
 */
record TensorRequest(Optional<String> id, List<Tensor> inputs, List<String> wantedOutputs) {
    private static final int MAX_TENSORS = 1024;
    private static final int MAX_RANK = 32;

    TensorRequest {
        inputs = List.copyOf(inputs);
        wantedOutputs = List.copyOf(wantedOutputs);
    }

    /** What is in {@code text}, which stays the caller's. */
    static TensorRequest read(DataBuffer text, BufferAllocator allocator) throws IOException {
        Reading reading = new Reading(text, allocator);
        try (JsonParser parser = Contents.parser(text.view())) {
            Contents.enter(parser);
            while (parser.nextToken() != JsonToken.END_OBJECT) {
                reading.field(parser);
            }
            Contents.leave(parser);
            if (reading.inputs.isEmpty()) {
                throw Contents.invalid("inputs: none (expected: {\"inputs\": [...]} with 1 tensor or more)");
            }
            return new TensorRequest(reading.id, reading.inputs, reading.wanted);
        } catch (IOException | RuntimeException | Error e) {
            reading.inputs.forEach(Tensor::release);
            throw e;
        }
    }

    List<String> names() {
        return inputs.stream().map(Tensor::name).toList();
    }

    /** The requests it is: one for each text of a single list of them, else one. Takes the tensors. */
    List<List<Input>> apart(BufferAllocator allocator) {
        Tensor first = inputs.get(0);
        long rows = first.shape().rank() == 0 ? 1 : first.shape().dimension(0);
        boolean isListOfTexts = inputs.size() == 1
                && first.type() == DataType.BYTES
                && rows > 1
                && first.shape().elementCount() == rows;
        if (!isListOfTexts) {
            return List.of(inputs.stream().<Input>map(Input.OfTensor::new).toList());
        }
        List<List<Input>> apart = new ArrayList<>();
        try {
            if (rows > InstancesEnvelope.MAX_INSTANCES) {
                throw Contents.invalid("input '" + first.name() + "': " + rows + " texts (expected: at most "
                        + InstancesEnvelope.MAX_INSTANCES + ")");
            }
            for (byte[] each : ByteElements.read(first)) {
                Tensor alone =
                        ByteElements.write(first.name(), first.shape().withOutermost(1), List.of(each), allocator);
                apart.add(List.of(new Input.OfTensor(alone)));
            }
            return apart;
        } catch (RuntimeException | Error e) {
            apart.forEach(inputs -> inputs.forEach(Input::release));
            throw e;
        } finally {
            first.release();
        }
    }

    /** What has been read so far. */
    private static final class Reading {
        private final DataBuffer text;
        private final BufferAllocator allocator;
        private final List<Tensor> inputs = new ArrayList<>();
        private final List<String> wanted = new ArrayList<>();

        /** Written while reading, by the one thread that does. */
        private Optional<String> id = Optional.empty();

        private Reading(DataBuffer text, BufferAllocator allocator) {
            this.text = text;
            this.allocator = allocator;
        }

        private void field(JsonParser parser) throws IOException {
            String name = parser.currentName();
            JsonToken value = parser.nextToken();
            switch (name) {
                case "id" -> id = Optional.of(string(parser, "id"));
                case "inputs" -> {
                    requireList("inputs", value);
                    while (parser.nextToken() != JsonToken.END_ARRAY) {
                        requireRoom("inputs", inputs.size());
                        inputs.add(tensor(parser));
                    }
                }
                case "outputs" -> {
                    requireList("outputs", value);
                    while (parser.nextToken() != JsonToken.END_ARRAY) {
                        requireRoom("outputs", wanted.size());
                        wanted.add(name(parser));
                    }
                }
                default -> parser.skipChildren();
            }
        }

        private static void requireList(String field, JsonToken token) {
            if (token != JsonToken.START_ARRAY) {
                throw Contents.invalid(field + ": " + token + " (expected: a list)");
            }
        }

        private static void requireRoom(String field, int size) {
            if (size == MAX_TENSORS) {
                throw Contents.invalid(field + ": more than " + MAX_TENSORS + " (expected: at most that)");
            }
        }

        private static void requireObject(String field, JsonParser parser) {
            if (parser.currentToken() != JsonToken.START_OBJECT) {
                throw Contents.invalid(field + ": " + parser.currentToken() + " (expected: objects)");
            }
        }

        private static String string(JsonParser parser, String field) throws IOException {
            if (parser.currentToken() != JsonToken.VALUE_STRING) {
                throw Contents.invalid(field + ": " + parser.currentToken() + " (expected: a string)");
            }
            return parser.getText();
        }

        private static String name(JsonParser parser) throws IOException {
            requireObject("outputs", parser);
            String name = "";
            while (parser.nextToken() != JsonToken.END_OBJECT) {
                boolean isName = parser.currentName().equals("name");
                parser.nextToken();
                if (isName) {
                    name = string(parser, "name of an output");
                }
                parser.skipChildren();
            }
            return name;
        }

        /** One input; its data may come before what says how to read it. */
        private Tensor tensor(JsonParser parser) throws IOException {
            requireObject("inputs", parser);
            String name = "";
            String type = "";
            Optional<Shape> shape = Optional.empty();
            int start = -1;
            int end = -1;
            while (parser.nextToken() != JsonToken.END_OBJECT) {
                String field = parser.currentName();
                JsonToken value = parser.nextToken();
                switch (field) {
                    case "name" -> name = string(parser, "name of an input");
                    case "datatype" -> type = string(parser, "datatype of an input");
                    case "shape" -> shape = Optional.of(shape(parser));
                    case "data" -> {
                        requireList("data", value);
                        start = Contents.start(parser);
                        end = Contents.end(parser);
                    }
                    default -> parser.skipChildren();
                }
            }
            if (start < 0) {
                throw Contents.invalid("input '" + name + "': no data (expected: a list)");
            }
            String shown = name;
            TensorReader reader = new TensorReader(
                    name,
                    type(name, type),
                    shape.orElseThrow(() -> Contents.invalid("input '" + shown + "': no shape (expected: a list)")));
            DataBuffer data = text.retainedSlice(start, end - start);
            try {
                return reader.read(data, allocator);
            } finally {
                data.release();
            }
        }

        private static DataType type(String name, String type) {
            try {
                return DataType.valueOf(type);
            } catch (IllegalArgumentException e) {
                String shown = type.length() > 32 ? type.substring(0, 32) + "..." : type;
                throw Contents.invalid("input '" + name + "': datatype " + shown + " (expected one of: "
                        + List.of(DataType.values()) + ")");
            }
        }

        private static Shape shape(JsonParser parser) throws IOException {
            requireList("shape", parser.currentToken());
            List<Long> sizes = new ArrayList<>();
            while (parser.nextToken() != JsonToken.END_ARRAY) {
                if (parser.currentToken() != JsonToken.VALUE_NUMBER_INT
                        || parser.getLongValue() < 0
                        || sizes.size() == MAX_RANK) {
                    throw Contents.invalid("shape: element " + sizes.size() + " is " + parser.currentToken()
                            + " (expected: at most " + MAX_RANK + " whole numbers, 0 or more)");
                }
                sizes.add(parser.getLongValue());
            }
            Shape shape = Shape.of(sizes.stream().mapToLong(Long::longValue).toArray());
            try {
                long unused = shape.elementCount();
            } catch (IllegalArgumentException e) {
                throw Contents.invalid(String.valueOf(e.getMessage()));
            }
            return shape;
        }
    }
}
