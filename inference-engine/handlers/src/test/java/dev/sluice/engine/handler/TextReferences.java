// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.sluice.engine.TensorInstance;
import dev.sluice.engine.TensorModel;
import dev.sluice.engine.Tokenizer;
import dev.sluice.engine.TokenizerOptions;
import dev.sluice.engine.TokenizerSource;
import dev.sluice.engine.Tokens;
import dev.sluice.model.Signature;
import dev.sluice.model.TensorSpec;
import dev.sluice.tensor.DataType;
import dev.sluice.tensor.Shape;
import dev.sluice.tensor.Tensor;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import java.util.stream.StreamSupport;

/**
 * Texts with what Python's tokenizers and models made of them, played back: a tokenizer that knows these texts, and a model that knows
 * these tokens. What the model gives for padding is far from anything else.
 */
final class TextReferences implements TensorModel {
    private static final float FOR_PADDING = 1e4f;
    private static final int PAD = 7;

    final List<JsonNode> cases;
    final List<Shape> shapes = new ArrayList<>();
    final List<String> inputNames = new ArrayList<>();
    /** Written by the tests' thread. */
    boolean tokenizerIsClosed;

    /** What the tokenizer was opened with; written by the tests' thread. */
    TokenizerOptions asked = TokenizerOptions.truncating(OptionalInt.empty());

    private final Signature signature;
    private final List<String> outputNames;

    TextReferences(String name, DataType type, long length, String... outputs) {
        this.outputNames = List.of(outputs);
        List<TensorSpec> inputs = new ArrayList<>();
        for (String input : List.of("attention_mask", "input_ids", "token_type_ids")) {
            inputs.add(new TensorSpec(input, type, Shape.of(-1, length)));
        }
        this.signature = new Signature(inputs, List.of());
        try {
            Path file = Path.of("..", "..", "integration-tests", "models", "text", name + ".json");
            this.cases = StreamSupport.stream(
                            new ObjectMapper().readTree(file.toFile()).spliterator(), false)
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    TokenizerSource tokenizers() {
        return (files, options) -> {
            asked = options;
            return new Recorded();
        };
    }

    @Override
    public Signature signature() {
        return signature;
    }

    @Override
    public TensorInstance newInstance() {
        return new TensorInstance() {
            @Override
            public List<Tensor> run(List<Tensor> inputs) {
                inputs.forEach(input -> inputNames.add(input.name()));
                shapes.add(inputs.get(0).shape());
                return TextReferences.this.run(inputs.get(1), inputs.get(0));
            }

            @Override
            public void close() {}
        };
    }

    private List<Tensor> run(Tensor ids, Tensor attention) {
        int rows = (int) ids.shape().dimension(0);
        int length = (int) ids.shape().dimension(1);
        List<Tensor> outputs = new ArrayList<>();
        for (int output = 0; output < outputNames.size(); output++) {
            List<JsonNode> values = new ArrayList<>();
            for (int row = 0; row < rows; row++) {
                values.add(outputs(row(ids, row, length), row(attention, row, length))
                        .get(output));
            }
            outputs.add(tensor(outputNames.get(output), values, length));
        }
        return outputs;
    }

    private static int[] row(Tensor tensor, int row, int length) {
        ByteBuffer bytes = tensor.data().view();
        int[] values = new int[length];
        for (int i = 0; i < length; i++) {
            int at = row * length + i;
            values[i] = tensor.type() == DataType.INT64 ? (int) bytes.getLong(at * 8) : bytes.getInt(at * 4);
        }
        return values;
    }

    private JsonNode outputs(int[] ids, int[] attention) {
        int own = Arrays.stream(attention).sum();
        if (Arrays.stream(ids, own, ids.length).anyMatch(id -> id != PAD)) {
            throw new AssertionError("padding: " + Arrays.toString(ids) + " (expected: " + PAD + " after " + own + ")");
        }
        for (JsonNode known : cases) {
            for (int window = 0; window < known.path("windows").size(); window++) {
                if (Arrays.equals(ints(known.path("windows").get(window), "ids"), Arrays.copyOf(ids, own))) {
                    return known.path("outputs").get(window);
                }
            }
        }
        if (own == 1) {
            return cases.get(0).path("outputs").get(0); // warming up
        }
        throw new AssertionError("nobody asked for " + Arrays.toString(ids));
    }

    /** Of numbers for each row, or for each token of each row; stretched where the rows are. */
    private static Tensor tensor(String name, List<JsonNode> rows, int length) {
        boolean isFlat = rows.get(0).get(0).isNumber();
        boolean perToken = !isFlat || !name.equals("logits");
        int width = isFlat ? 1 : rows.get(0).get(0).size();
        int count = perToken ? length : rows.get(0).size();
        ByteBuffer bytes = ByteBuffer.allocate(rows.size() * count * width * 4).order(ByteOrder.LITTLE_ENDIAN);
        for (JsonNode row : rows) {
            for (int i = 0; i < count; i++) {
                for (int j = 0; j < width; j++) {
                    JsonNode value = isFlat ? row.path(i) : row.path(i).path(j);
                    bytes.putFloat(value.isMissingNode() ? FOR_PADDING : (float) value.doubleValue());
                }
            }
        }
        Shape shape = isFlat ? Shape.of(rows.size(), count) : Shape.of(rows.size(), count, width);
        return FakeTensorModel.tensor(name, DataType.FP32, shape, bytes.array());
    }

    private static int[] ints(JsonNode window, String part) {
        return StreamSupport.stream(window.path(part).spliterator(), false)
                .mapToInt(JsonNode::intValue)
                .toArray();
    }

    private static Tokens tokens(JsonNode window) {
        return new Tokens(
                ints(window, "ids"),
                ints(window, "types"),
                ints(window, "attention"),
                ints(window, "specials"),
                ints(window, "sequences"),
                ints(window, "words"),
                ints(window, "starts"),
                ints(window, "ends"),
                StreamSupport.stream(window.path("pieces").spliterator(), false)
                        .map(JsonNode::textValue)
                        .toList());
    }

    @Override
    public void close() {}

    /** Answers what was recorded. */
    private final class Recorded implements Tokenizer {
        @Override
        public List<Tokens> encode(String text) {
            if (text.equals("a")) {
                int[] one = {1};
                return List.of(new Tokens(one, one, one, one, one, one, one, one, List.of("a")));
            }
            if (text.equals(" ")) {
                int[] none = {};
                return List.of(new Tokens(none, none, none, none, none, none, none, none, List.of()));
            }
            return windows("text", text);
        }

        @Override
        public List<Tokens> encode(String first, String second) {
            return windows("context", second);
        }

        private List<Tokens> windows(String key, String text) {
            JsonNode known = cases.stream()
                    .filter(one -> one.path(key).textValue().equals(text))
                    .findFirst()
                    .orElseThrow();
            return StreamSupport.stream(known.path("windows").spliterator(), false)
                    .map(TextReferences::tokens)
                    .toList();
        }

        /** As the WordPiece decoder does, without its care for punctuation. */
        @Override
        public String decode(int[] ids) {
            List<String> pieces = new ArrayList<>();
            for (int id : ids) {
                pieces.add(piece(id));
            }
            return String.join(" ", pieces).replace(" ##", "").replace(" .", ".");
        }

        private String piece(int id) {
            for (JsonNode known : cases) {
                for (JsonNode window : known.path("windows")) {
                    int[] ids = ints(window, "ids");
                    for (int i = 0; i < ids.length; i++) {
                        if (ids[i] == id) {
                            return window.path("pieces").get(i).textValue();
                        }
                    }
                }
            }
            throw new AssertionError("no token " + id);
        }

        @Override
        public int maxLength() {
            return 64;
        }

        @Override
        public int padId() {
            return PAD;
        }

        @Override
        public OptionalInt unknownId() {
            return OptionalInt.of(1);
        }

        @Override
        public void close() {
            tokenizerIsClosed = true;
        }
    }
}
