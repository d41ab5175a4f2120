// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.engine.HandlerContext;
import dev.sluice.engine.LoadedModel;
import dev.sluice.engine.Outcome;
import dev.sluice.engine.TensorModel;
import dev.sluice.inference.InferenceRequest;
import dev.sluice.inference.InferenceResponse;
import dev.sluice.inference.Input;
import dev.sluice.inference.Output;
import dev.sluice.inference.ServingException;
import dev.sluice.model.Signature;
import dev.sluice.model.TensorSpec;
import dev.sluice.tensor.BufferAllocator;
import dev.sluice.tensor.ByteElements;
import dev.sluice.tensor.DataBuffer;
import dev.sluice.tensor.DataType;
import dev.sluice.tensor.Shape;
import dev.sluice.tensor.Tensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BaseHandlerTest {
    private static final BaseHandlerProvider PROVIDER = new BaseHandlerProvider();

    @Test
    void answersARowWithANestedList() {
        try (Harness harness = attach(FakeTensorModel.echo(DataType.FP32, -1, 2, 2))) {
            assertThat(harness.text(Harness.request(Harness.json("body", "[[1, 2.5], [-3e-5, 0.1]]"))))
                    .isEqualTo("""
                            [
                              [
                                1.0,
                                2.5
                              ],
                              [
                                -2.9999999242136255e-05,
                                0.10000000149011612
                              ]
                            ]""");
        }
    }

    /** Planted: a handler that says it of itself, whatever the model says. */
    @Test
    void onlyComputesIfItsModelDoes() {
        FakeTensorModel model = FakeTensorModel.echo(DataType.FP32, -1, 1);
        assertThat(attached(model).isComputeOnly()).isFalse();
        model.computes = true;
        assertThat(attached(model).isComputeOnly()).isTrue();
    }

    private static LoadedModel attached(FakeTensorModel model) {
        return PROVIDER.attach(
                model, Harness.spec(Map.of()), new HandlerContext(bytes -> DataBuffer.wrap(new byte[(int) bytes])));
    }

    @Test
    void readsAnyBodyThatIsJson() {
        try (Harness harness = attach(FakeTensorModel.echo(DataType.FP32, -1, 1))) {
            byte[] json = "[7]".getBytes(StandardCharsets.UTF_8);

            assertThat(harness.text(Harness.request(Harness.content("data", "", json))))
                    .isEqualTo("[\n  7.0\n]");
        }
    }

    /** Seen to fail when the body is copied before it is handed on. */
    @Test
    void handsBinaryBodyToTheModelWhereItLies() {
        DataBuffer body = BufferAllocator.unpooled().allocate(8);
        body.view().asFloatBuffer().put(new float[] {1.5f, -2});
        List<ByteBuffer> seen = new ArrayList<>();
        FakeTensorModel model = new FakeTensorModel(FakeTensorModel.input(DataType.FP32, -1, 2), input -> {
            seen.add(input.data().view());
            return FakeTensorModel.copy(input);
        });
        try (Harness harness = attach(model)) {
            Input content = new Input.OfContent("body", "Application/Octet-Stream", body);
            assertThat(harness.text(Harness.request(content))).isEqualTo("[\n  1.5,\n  -2.0\n]");

            assertThat(harness.copies).isEmpty();
        }
        body.view().putFloat(0, 7);
        assertThat(seen.get(0).getFloat(0)).as("the same memory").isEqualTo(7);
        assertThat(model.inputShapes).containsExactly(Shape.of(1, 2));
        assertThat(body.references()).isOne();
    }

    @Test
    void answersTensorsWithTensors() {
        FakeTensorModel model = FakeTensorModel.echo(DataType.FP32, -1, 2);
        try (Harness harness = attach(model)) {
            Tensor one = FakeTensorModel.tensor("x", DataType.FP32, Shape.of(1, 2), bytes(1, 2));
            Tensor two = FakeTensorModel.tensor("x", DataType.FP32, Shape.of(2, 2), bytes(3, 4, 5, 6));

            List<Outcome> outcomes = harness.execute(tensors(one), tensors(two));

            assertThat(model.inputShapes).containsExactly(Shape.of(3, 2));
            assertTensor(outcomes.get(0), "y", Shape.of(1, 2), bytes(1, 2));
            assertTensor(outcomes.get(1), "y", Shape.of(2, 2), bytes(3, 4, 5, 6));
            assertThat(one.data().references()).isOne();
            assertThat(two.data().references()).isOne();
        }
        assertThat(model.outputs)
                .allSatisfy(output -> assertThat(output.data().references()).isZero());
    }

    private static InferenceRequest tensors(Tensor... tensors) {
        return Harness.request(Stream.of(tensors).map(Input.OfTensor::new).toArray(Input[]::new));
    }

    private static byte[] bytes(float... values) {
        ByteBuffer bytes = ByteBuffer.allocate(values.length * 4).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asFloatBuffer().put(values);
        return bytes.array();
    }

    /** Releases the answer. */
    private static void assertTensor(Outcome outcome, String name, Shape shape, byte[] content) {
        InferenceResponse response = ((Outcome.Success) outcome).response();
        Tensor tensor = ((Output.OfTensor) response.outputs().get(0)).tensor();
        assertThat(tensor.name()).isEqualTo(name);
        assertThat(tensor.shape()).isEqualTo(shape);
        assertThat(tensor.data().toByteArray()).isEqualTo(content);
        response.release();
    }

    /** Planted: rows that are not compared with the largest allowed size. */
    @Test
    void refusesTensorsThatDoNotFit() {
        try (Harness harness = attach(FakeTensorModel.echo(DataType.FP32, 1, 2))) {
            Tensor rows = FakeTensorModel.tensor("x", DataType.FP32, Shape.of(2, 2), new byte[16]);
            Tensor ints = FakeTensorModel.tensor("x", DataType.INT32, Shape.of(1, 2), new byte[8]);
            Tensor wide = FakeTensorModel.tensor("x", DataType.FP32, Shape.of(1, 3), new byte[12]);
            Tensor flat = FakeTensorModel.tensor("x", DataType.FP32, Shape.of(2), new byte[8]);
            Tensor other = FakeTensorModel.tensor("z", DataType.FP32, Shape.of(1, 2), new byte[8]);
            Tensor none = FakeTensorModel.tensor("x", DataType.FP32, Shape.of(0, 2), new byte[0]);

            assertThat(harness.texts(
                            tensors(rows), tensors(ints), tensors(wide), tensors(flat), tensors(other), tensors(none)))
                    .containsExactly(
                            "INVALID_INPUT rows: 2 (expected: 1 at most)",
                            "INVALID_INPUT input 'x': INT32 [1, 2] (expected: FP32 [-1, 2])",
                            "INVALID_INPUT input 'x': FP32 [1, 3] (expected: FP32 [-1, 2])",
                            "INVALID_INPUT input 'x': FP32 [2] (expected: FP32 [-1, 2])",
                            "INVALID_INPUT input 'z': unknown (expected: one of 'x' FP32 [1, 2])",
                            "INVALID_INPUT input 'x': FP32 [0, 2] (expected: FP32 [-1, 2])");
            assertThat(rows.data().references()).isOne();
        }
    }

    private static FunctionModel sum() {
        return new FunctionModel(
                new Signature(
                        List.of(
                                new TensorSpec("a", DataType.FP32, Shape.of(-1, 2)),
                                new TensorSpec("b", DataType.FP32, Shape.of(-1, 2))),
                        List.of(new TensorSpec("sum", DataType.FP32, Shape.of(-1, 2)))),
                inputs -> {
                    float[] sums = new float[inputs.get(0).data().size() / 4];
                    for (int i = 0; i < sums.length; i++) {
                        sums[i] = inputs.get(0).data().view().getFloat(i * 4)
                                + inputs.get(1).data().view().getFloat(i * 4);
                    }
                    return List.of(FakeTensorModel.tensor(
                            "sum", DataType.FP32, inputs.get(0).shape(), bytes(sums)));
                });
    }

    /** Planted: members of an object taken in their own order. */
    @Test
    void takesAnObjectOrAPartForEachInput() {
        try (Harness harness = new Harness(PROVIDER, sum(), Harness.spec(Path.of("no-such-folder"), 2, Map.of()))) {
            assertThat(harness.texts(
                            Harness.request(Harness.json("body", "{\"b\": [10, 20], \"a\": [1,2]}")),
                            Harness.request(Harness.json("a", "[1, 1]"), Harness.json("b", "[2, 3]"))))
                    .containsExactly(
                            "{\n  \"sum\": [\n    11.0,\n    22.0\n  ]\n}",
                            "{\n  \"sum\": [\n    3.0,\n    4.0\n  ]\n}");
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{'a': [1, 2]}                       | input 'b': missing (expected: FP32 [-1, 2])",
                "{'a': [1, 2], 'c': [1, 2]}          | input 'c': unknown (expected: one of 'a' FP32 [-1, 2], 'b' FP32 [-1, 2])",
                "{'a': [1, 2], 'b': [1]}             | input 'b': FP32 [1] (expected: FP32 [2], one row of the model's input)",
                "{'a': [1, 2], 'b': ['x', 2]}        | input 'b': a string (expected: FP32 values in nested lists)",
                "{'a': [1, 2], 'b': 5}               | input 'b': FP32 [] (expected: FP32 [2], one row of the model's input)",
                "{'a': [1, 2], 'a': [1, 2]}          | input 'body': 'a' there 2 times (expected: a JSON object with a nested list for each of the model's inputs)",
                "{'a': [1, 2], 'b'                   | input 'body': not JSON (expected: a JSON object with a nested list for each of the model's inputs)",
                "{'a': [1, 2], 'b': [1, 2]} 7        | input 'body': more than one JSON value (expected: a JSON object with a nested list for each of the model's inputs)",
                "[1, 2]                              | input 'body': one value for 2 inputs (expected: a JSON object or a part for each of 'a' FP32 [-1, 2], 'b' FP32 [-1, 2])",
            })
    void namesTheInputThatIsWrong(String body, String message) {
        try (Harness harness = new Harness(PROVIDER, sum(), Harness.spec(Map.of()))) {
            assertThat(harness.text(Harness.request(Harness.json("body", body.replace('\'', '"')))))
                    .isEqualTo("INVALID_INPUT " + message);
        }
    }

    /** Seen to fail when offsets were taken of text that has none (500), and when each member was kept until the last. */
    @Test
    void refusesObjectsItCannotCutUp() {
        FakeTensorModel undeclared = new FakeTensorModel(Signature.UNDECLARED, FakeTensorModel::copy);
        try (Harness harness = attach(undeclared)) {
            byte[] wide = "{\"a\": [1]}".getBytes(StandardCharsets.UTF_16LE);
            StringBuilder many = new StringBuilder("{");
            for (int i = 0; i < 5000; i++) {
                many.append('"').append(i).append("\":1,");
            }
            String expected = " (expected: a JSON object with a nested list for each of the model's inputs)";
            assertThat(harness.texts(
                            Harness.request(Harness.content("body", "application/json", wide)),
                            Harness.request(Harness.json("body", "{}")),
                            Harness.request(Harness.json("body", many.toString()))))
                    .containsExactly(
                            "INVALID_INPUT input 'body': not UTF-8" + expected,
                            "INVALID_INPUT inputs: none (expected: one or more)",
                            "INVALID_INPUT input 'body': more than 4096 members" + expected);
        }
    }

    @Test
    void cutsObjectsAtBytesNotAtCharacters() {
        FakeTensorModel undeclared = new FakeTensorModel(Signature.UNDECLARED, FakeTensorModel::copy);
        try (Harness harness = attach(undeclared)) {
            assertThat(harness.text(Harness.request(Harness.json("body", "{ \"\u00e9\u20ac\ud83d\ude00\" : 7 }"))))
                    .isEqualTo("{\n  \"y\": 7.0\n}");
        }
    }

    /** Seen to fail when any body that begins with a brace was an object: this text was "not JSON". */
    @Test
    void takesATextThatBeginsWithABrace() {
        byte[] text = "{not an object".getBytes(StandardCharsets.UTF_8);
        try (Harness harness = attach(FakeTensorModel.echo(DataType.BYTES, -1, 1))) {
            assertThat(harness.texts(
                            Harness.request(Harness.content("body", "text/plain", text)),
                            Harness.request(Harness.json("body", "{\"x\": [\"a\"]}"))))
                    .containsExactly("[\n  \"{not an object\"\n]", "{\n  \"y\": [\n    \"a\"\n  ]\n}");
        }
    }

    /** Seen to fail when names nobody gives were left out of the answer. */
    @Test
    void refusesOutputsThereAreNot() {
        FunctionModel undeclared =
                new FunctionModel(Signature.UNDECLARED, inputs -> FakeTensorModel.copy(inputs.get(0)));
        for (TensorModel model : List.of(undeclared, sum())) {
            try (Harness harness = new Harness(PROVIDER, model, Harness.spec(Map.of()))) {
                InferenceRequest all = tensors(
                        FakeTensorModel.tensor("a", DataType.FP32, Shape.of(1, 2), new byte[8]),
                        FakeTensorModel.tensor("b", DataType.FP32, Shape.of(1, 2), new byte[8]));
                InferenceRequest request =
                        new InferenceRequest(all.model(), all.inputs(), List.of("z"), all.parameters(), all.context());
                String there = model == undeclared ? "y" : "sum";
                assertThat(harness.text(request))
                        .isEqualTo("INVALID_INPUT output 'z': unknown (expected: one of [" + there + "])");
            }
        }
    }

    /** Seen to fail when only bytes bound what a tensor asks for: rows of nothing reached the model. */
    @Test
    void refusesManyRowsOfNothing() {
        FakeTensorModel undeclared = new FakeTensorModel(Signature.UNDECLARED, FakeTensorModel::copy);
        try (Harness harness = attach(undeclared)) {
            assertThat(harness.texts(
                            tensors(FakeTensorModel.tensor(
                                    "x", DataType.FP32, Shape.of(5_000_000_000L, 0), new byte[0])),
                            tensors(FakeTensorModel.tensor("x", DataType.FP32, Shape.of(2, 0), new byte[0]))))
                    .containsExactly(
                            "INVALID_INPUT inputs: 5000000000 rows with nothing in them (expected: one such row at most)",
                            "INVALID_INPUT inputs: 2 rows with nothing in them (expected: one such row at most)");
            assertThat(undeclared.inputShapes).isEmpty();
        }
    }

    /** Seen to fail when lengths of texts were only read behind the run: both requests failed, by a fault of ours. */
    @Test
    void refusesAloneTextsThatAreLongerThanTheirTensor() {
        Tensor good = ByteElements.write("x", Shape.of(1, 1), List.of(new byte[] {'a'}), BufferAllocator.unpooled());
        Tensor bad = FakeTensorModel.tensor("x", DataType.BYTES, Shape.of(1, 1), new byte[] {9, 0, 0, 0, 'a'});
        try (Harness harness = attach(FakeTensorModel.echo(DataType.BYTES, -1, 1))) {
            List<Outcome> outcomes = harness.execute(tensors(bad), tensors(good));

            assertThat(Harness.text(outcomes.get(0)))
                    .isEqualTo("INVALID_INPUT input tensor 'x': byte 0 of 5"
                            + " (expected: 1 texts, each after its length in 4 bytes, and nothing else)");
            assertTensor(outcomes.get(1), "y", Shape.of(1, 1), new byte[] {1, 0, 0, 0, 'a'});
        }
    }

    @Test
    void takesTexts() {
        FakeTensorModel model = FakeTensorModel.echo(DataType.BYTES, -1, -1);
        try (Harness harness = new Harness(PROVIDER, model, Harness.spec(Path.of("no-such-folder"), 4, Map.of()))) {
            assertThat(harness.texts(
                            Harness.request(Harness.json("body", "[\"a\", \"\u00e9\"]")),
                            Harness.request(
                                    Harness.content("body", "text/plain", "plain".getBytes(StandardCharsets.UTF_8))),
                            Harness.request(Harness.json("body", "[\"\", \"b\"]")),
                            Harness.request(Harness.json("body", "[1]"))))
                    .containsExactly(
                            "[\n  \"a\",\n  \"\\u00e9\"\n]",
                            "[\n  \"plain\"\n]",
                            "[\n  \"\",\n  \"b\"\n]",
                            "INVALID_INPUT input 'x': 1 (expected: strings in nested lists)");
            assertThat(model.inputShapes).containsExactly(Shape.of(2, 2), Shape.of(1, 1));
            harness.warmUp();
        }
    }

    @Test
    void writesHalfPrecisionInputs() {
        FakeTensorModel half = FakeTensorModel.echo(DataType.FP16, -1, -1);
        try (Harness harness = attach(half)) {
            assertThat(harness.text(Harness.request(Harness.json("body", "[1, -2.5, 65504, 1e9, 6e-8, 0.1]")))
                            .replaceAll("\\s", ""))
                    .isEqualTo("[1.0,-2.5,65504.0,Infinity,5.960464477539063e-08,0.0999755859375]");
        }
        FakeTensorModel brain = FakeTensorModel.echo(DataType.BF16, -1, -1);
        try (Harness harness = attach(brain)) {
            assertThat(harness.text(Harness.request(Harness.json("body", "[1, -2.5, 0.1]")))
                            .replaceAll("\\s", ""))
                    .isEqualTo("[1.0,-2.5,0.10009765625]");
        }
    }

    /** TorchScript says nothing of its inputs, so the configuration may. */
    @Test
    void checksAgainstWhatTheConfigurationDeclares() {
        Map<String, Object> options = Map.of(
                "handler",
                Map.of(
                        "baseHandler",
                        Map.of("inputs", List.of(Map.of("name", "ids", "type", "INT64", "shape", List.of(-1, 2))))));
        FakeTensorModel model = new FakeTensorModel(Signature.UNDECLARED, FakeTensorModel::copy);
        try (Harness harness = new Harness(PROVIDER, model, Harness.spec(options))) {
            assertThat(harness.texts(
                            Harness.request(Harness.json("body", "[1, 2]")),
                            Harness.request(Harness.json("body", "[1, 2.5]")),
                            Harness.request(Harness.json("body", "[1]"))))
                    .containsExactly(
                            "[\n  1,\n  2\n]",
                            "INVALID_INPUT input 'ids': 2.5 (expected: INT64 values in nested lists)",
                            "INVALID_INPUT input 'ids': INT64 [1] (expected: INT64 [2], one row of the model's input)");
            assertThat(model.inputTypes).containsExactly(DataType.INT64);
        }
    }

    @Test
    void refusesBinaryBodyOfAnotherSize() {
        try (Harness harness = attach(FakeTensorModel.echo(DataType.FP32, -1, 2))) {
            Input content = Harness.content("body", "application/octet-stream", new byte[7]);
            assertThat(harness.text(Harness.request(content)))
                    .isEqualTo("INVALID_INPUT input 'x': 7 bytes of FP32"
                            + " (expected: FP32 [2], one row of the model's input)");
        }
    }

    @Test
    void gathersRowsOfOneShapeIntoOneRun() {
        FakeTensorModel model =
                new FakeTensorModel(FakeTensorModel.input(DataType.FP32, -1, -1), FakeTensorModel::copy);
        try (Harness harness = attach(model)) {
            List<String> answers = harness.texts(
                    Harness.request(Harness.json("body", "[1]")),
                    Harness.request(Harness.json("body", "[2, 3]")),
                    Harness.request(Harness.json("body", "[4]")));

            assertThat(model.inputShapes).containsExactly(Shape.of(2, 1), Shape.of(1, 2));
            assertThat(answers).containsExactly("[\n  1.0\n]", "[\n  2.0,\n  3.0\n]", "[\n  4.0\n]");
        }
    }

    @Test
    void runsRowByRowAModelExportedForOneRow() {
        FakeTensorModel model = FakeTensorModel.echo(DataType.FP32, 1, 1);
        try (Harness harness = attach(model)) {
            List<String> answers = harness.texts(
                    Harness.request(Harness.json("body", "[1]")), Harness.request(Harness.json("body", "[2]")));

            assertThat(model.inputShapes).containsExactly(Shape.of(1, 1), Shape.of(1, 1));
            assertThat(answers).containsExactly("[\n  1.0\n]", "[\n  2.0\n]");
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "FP64   | [0.1]                  | 0.1",
                "INT64  | [-9223372036854775808] | -9223372036854775808",
                "UINT64 | [18446744073709551615] | 18446744073709551615",
                "INT32  | [-5]                   | -5",
                "UINT32 | [4294967295]           | 4294967295",
                "INT16  | [-32768]               | -32768",
                "UINT16 | [65535]                | 65535",
                "INT8   | [-128]                 | -128",
                "UINT8  | [255]                  | 255",
                "BOOL   | [true]                 | true",
                "FP32   | [NaN]                  | NaN",
                "FP32   | [-Infinity]            | -Infinity",
            })
    void usesTheDeclaredType(DataType type, String body, String expected) {
        FakeTensorModel model = FakeTensorModel.echo(type, -1, 1);
        try (Harness harness = attach(model)) {
            assertThat(harness.text(Harness.request(Harness.json("body", body))))
                    .isEqualTo("[\n  " + expected + "\n]");
            assertThat(model.inputTypes).containsExactly(type);
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "FP32  | [[1, 2], [3]]  | input 'x': a list of length 1 beside one of 2 (expected: lists of one level equally long)",
                "FP32  | [1, [2]]       | input 'x': a list where numbers are on level 1 (expected: lists of one level equally long)",
                "FP32  | [[1], 2]       | input 'x': numbers on level 1 and on level 2 (expected: lists of one level equally long)",
                "FP32  | [[], [1]]      | input 'x': a list of length 1 beside one of 0 (expected: lists of one level equally long)",
                "FP32  | [[[]], []]     | input 'x': numbers on level 2 and on level 3 (expected: lists of one level equally long)",
                "FP32  | ['1']          | input 'x': a string (expected: FP32 values in nested lists)",
                "FP32  | [null]         | input 'x': null (expected: FP32 values in nested lists)",
                "FP32  | [true]         | input 'x': true (expected: FP32 values in nested lists)",
                "FP32  | {}             | input 'x': missing (expected: FP32 [-1, 2])",
                "FP32  | ' '            | input 'x': nothing (expected: FP32 values in nested lists)",
                "FP32  | [1             | input 'x': not JSON at byte 2 (expected: a nested list of numbers)",
                "FP32  | [1] [2]        | input 'x': more than one JSON value (expected: one)",
                "FP32  | [1, 2, 3]      | input 'x': FP32 [3] (expected: FP32 [2], one row of the model's input)",
                "FP32  | 5              | input 'x': FP32 [] (expected: FP32 [2], one row of the model's input)",
                "INT64 | [1.5, 2]       | input 'x': 1.5 (expected: INT64 values in nested lists)",
                "UINT8 | [256, 0]       | input 'x': 256 (expected: UINT8 values in nested lists)",
                "UINT8 | [-1, 0]        | input 'x': -1 (expected: UINT8 values in nested lists)",
                "INT8  | [128, 0]       | input 'x': 128 (expected: INT8 values in nested lists)",
                "BOOL  | [1, 0]         | input 'x': 1 (expected: BOOL values in nested lists)",
            })
    void refusesAloneWhatIsNoRow(DataType type, String body, String message) {
        FakeTensorModel model = FakeTensorModel.echo(type, -1, 2);
        String good = type == DataType.BOOL ? "[true, false]" : "[1, 2]";
        try (Harness harness = attach(model)) {
            List<String> answers = harness.texts(
                    Harness.request(Harness.json("body", body.replace('\'', '"'))),
                    Harness.request(Harness.json("body", good)));

            assertThat(answers.get(0)).isEqualTo("INVALID_INPUT " + message);
            assertThat(answers.get(1)).startsWith("[\n  ");
            assertThat(model.inputShapes).containsExactly(Shape.of(1, 2));
        }
    }

    @Test
    void refusesListsNestedTooDeep() {
        try (Harness harness = attach(new FakeTensorModel(Signature.UNDECLARED, FakeTensorModel::copy))) {
            String deepest = "[".repeat(64) + "1" + "]".repeat(64);

            assertThat(harness.text(Harness.request(Harness.json("body", deepest))))
                    .startsWith("[\n");
            assertThat(harness.text(Harness.request(Harness.json("body", "[" + deepest + "]"))))
                    .isEqualTo("INVALID_INPUT input 'body': lists nested deeper than 64 (expected: at most 64)");
            assertThat(harness.text(Harness.request(Harness.json("body", "[".repeat(1_000_000)))))
                    .startsWith("INVALID_INPUT");
        }
    }

    @Test
    void keepsEmptyDimensions() {
        try (Harness harness = attach(new FakeTensorModel(Signature.UNDECLARED, FakeTensorModel::copy))) {
            assertThat(harness.text(Harness.request(Harness.json("body", "[[], []]"))))
                    .isEqualTo("[\n  [],\n  []\n]");
        }
    }

    @Test
    void answersSeveralOutputsWithAListOfThem() {
        FakeTensorModel model = new FakeTensorModel(
                Signature.UNDECLARED,
                input -> List.of(
                        FakeTensorModel.copy(input).get(0),
                        FakeTensorModel.tensor("n", DataType.INT8, Shape.of(1), new byte[] {9})));
        try (Harness harness = attach(model)) {
            assertThat(harness.text(Harness.request(Harness.json("body", "[1]"))))
                    .isEqualTo("[\n  [\n    1.0\n  ],\n  9\n]");
        }
    }

    @Test
    void readsHalfPrecisionOutputs() {
        short[] halves = {0x3c00, (short) 0xc000, 0x0001, 0x7bff, 0x7c00, (short) 0x8000, 0x3555};
        ByteBuffer bytes = ByteBuffer.allocate(halves.length * 2).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asShortBuffer().put(halves);
        Tensor half = FakeTensorModel.tensor("h", DataType.FP16, Shape.of(1, halves.length), bytes.array());
        try (Harness harness = attach(new FakeTensorModel(Signature.UNDECLARED, input -> List.of(half)))) {
            assertThat(harness.text(Harness.request(Harness.json("body", "[1]")))
                            .replaceAll("\\s", ""))
                    .isEqualTo("[1.0,-2.0,5.960464477539063e-08,65504.0,Infinity,-0.0,0.333251953125]");
        }
    }

    @Test
    void warmsUpAtOneRowAndAtTheLargestBatch() {
        FakeTensorModel model = FakeTensorModel.echo(DataType.FP32, -1, 3, -1);
        try (Harness harness = new Harness(PROVIDER, model, Harness.spec(Path.of("no-such-folder"), 4, Map.of()))) {
            harness.warmUp();

            assertThat(model.inputShapes).containsExactly(Shape.of(1, 3, 1), Shape.of(4, 3, 1));
            assertThat(model.outputs)
                    .allSatisfy(output -> assertThat(output.data().references()).isZero());
        }
    }

    @Test
    void cannotWarmUpWhatDeclaresNothing() {
        FakeTensorModel model = new FakeTensorModel(Signature.UNDECLARED, FakeTensorModel::copy);
        try (Harness harness = attach(model)) {
            harness.warmUp();

            assertThat(model.inputShapes).isEmpty();
        }
    }

    @Test
    void refusesModelsItCannotFeed() {
        TensorSpec input = new TensorSpec("x", DataType.FP32, Shape.of(-1, 2));
        TensorSpec one = new TensorSpec("z", DataType.FP32, Shape.of(1, 2));

        assertInvalid(
                new Signature(List.of(input, one), List.of()),
                "base_handler: the model's input 'z' is FP32 [1, 2]"
                        + " (expected: an outermost dimension of -1, as of the first input)");
        assertInvalid(
                FakeTensorModel.input(DataType.FP32, 8, 2),
                "base_handler: the model's input 'x' is FP32 [8, 2]"
                        + " (expected: an outermost dimension of -1 or 1, for the rows of a batch)");
    }

    private static void assertInvalid(Signature signature, String message) {
        assertThatThrownBy(() -> attach(new FakeTensorModel(signature, FakeTensorModel::copy)))
                .isInstanceOf(ServingException.class)
                .hasMessage(message);
    }

    private static Harness attach(FakeTensorModel model) {
        return new Harness(PROVIDER, model, Harness.spec(Map.of()));
    }
}
