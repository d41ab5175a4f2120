// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.Input;
import dev.sluice.inference.ServingException;
import dev.sluice.model.Signature;
import dev.sluice.model.TensorSpec;
import dev.sluice.tensor.DataType;
import dev.sluice.tensor.Shape;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.Chars;
import net.jqwik.api.constraints.StringLength;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ForecastTest {
    private static final ForecastProvider PROVIDER = new ForecastProvider();
    private static final Map<String, Object> FOUR = Map.of("contextLength", 4);
    private static final String MEAN = "{\n  \"mean\": [\n    2.0,\n    8.0\n  ]\n}";

    // Seen to fail when the answer is left scaled.
    @Test
    void answersInTheHistorysOwnSize() {
        List<float[]> seen = new ArrayList<>();
        try (Harness harness = attach(lastTwo(seen), FOUR)) {
            assertThat(harness.text(Harness.request(Harness.json("body", "[9, 6, -4, 2, 8]"))))
                    .isEqualTo(MEAN);
        }
        assertThat(seen.get(0))
                .as("divided by 5, the mean of what is looked at")
                .containsExactly(1.2f, -0.8f, 0.4f, 1.6f);
    }

    @ParameterizedTest
    @CsvSource({"none, 0, 0, 2, 8", "meanAbs, 0, 0, 0.4, 1.6", "standard, 0, 0, -1, 1"})
    void fillsUpFromTheLeft(String scaling, float first, float second, float third, float fourth) {
        List<float[]> seen = new ArrayList<>();
        try (Harness harness = attach(lastTwo(seen), Map.of("contextLength", 4, "scaling", scaling))) {
            assertThat(harness.text(Harness.request(Harness.json("body", "[2, 8]"))))
                    .isEqualTo(MEAN);
        }
        assertThat(seen.get(0)).containsExactly(first, second, third, fourth);
    }

    @Test
    void takesEveryFormOfAHistory() {
        byte[] list = "[2, 8.0]".getBytes(StandardCharsets.UTF_8);
        String object = "{\"start\": \"2020-01-01\", \"item_id\": {\"a\": [1]}, \"target\": [2, 8]}";
        try (Harness harness = attach(lastTwo(new ArrayList<>()), FOUR)) {
            assertThat(harness.texts(
                            Harness.request(Harness.content("data", "", list)),
                            Harness.request(Harness.content("data", "text/plain", list)),
                            Harness.request(Harness.json("data", object)),
                            Harness.request(new Input.OfTensor(Tensors.floats("x", Tensors.shape(2), 2, 8))),
                            Harness.request(new Input.OfTensor(Tensors.longs("x", Tensors.shape(1, 2), 2, 8)))))
                    .containsOnly(MEAN);
        }
    }

    @Test
    void scalesWhatIsAlwaysTheSame() {
        try (Harness harness = attach(lastTwo(new ArrayList<>()), FOUR)) {
            assertThat(harness.text(Harness.request(Harness.json("x", "[0, 0, 0]"))))
                    .contains("    0.0,\n    0.0\n");
        }
        try (Harness harness = attach(lastTwo(new ArrayList<>()), Map.of("contextLength", 4, "scaling", "standard"))) {
            assertThat(harness.text(Harness.request(Harness.json("x", "[7, 7, 7]"))))
                    .contains("    7.0,\n    7.0\n");
        }
    }

    @Test
    void fillsInWhatIsMissing() {
        List<float[]> seen = new ArrayList<>();
        for (String how : List.of("last", "zero", "nan")) {
            Map<String, Object> options = Map.of("contextLength", 4, "scaling", "none", "missing", how);
            try (Harness harness = attach(lastTwo(seen), options)) {
                harness.run(Harness.request(Harness.json("x", "[null, 3, NaN, 5]")));
            }
        }
        assertThat(seen.get(0)).containsExactly(0, 3, 3, 5);
        assertThat(seen.get(1)).containsExactly(0, 3, 0, 5);
        assertThat(seen.get(2)).containsExactly(Float.NaN, 3, Float.NaN, 5);
        try (Harness harness = attach(lastTwo(seen), FOUR)) {
            assertThat(harness.text(Harness.request(Harness.json("x", "[1, null]"))))
                    .isEqualTo("INVALID_INPUT target[1]: null"
                            + " (expected: a number, as handler.forecast.missing is refuse)");
        }
    }

    // Seen to fail when what is filled up counts as there.
    @Test
    void saysInTheMaskWhatIsThere() {
        TensorSpec values = new TensorSpec("values", DataType.FP32, Shape.of(-1, 4));
        TensorSpec mask = new TensorSpec("observed", DataType.FP32, Shape.of(-1, 4));
        List<float[]> seen = new ArrayList<>();
        for (List<TensorSpec> inputs : List.of(List.of(values, mask), List.of(mask, values))) {
            FunctionModel model = new FunctionModel(new Signature(inputs, List.of()), tensors -> {
                tensors.forEach(tensor -> seen.add(Tensors.values(tensor)));
                return List.of(Tensors.floats("mean", Tensors.shape(1, 1), 1));
            });
            Map<String, Object> options = Map.of("missing", "nan", "mask", "observed");
            try (Harness harness =
                    new Harness(PROVIDER, model, Harness.spec(Map.of("handler", Map.of("forecast", options))))) {
                harness.warmUp();
                seen.clear();
                assertThat(harness.text(Harness.request(Harness.json("x", "[2, null, 4]"))))
                        .contains("3.0");
            }
            int place = inputs.indexOf(values);
            assertThat(seen.get(place)).containsExactly(0, 2 / 3f, 0, 4 / 3f);
            assertThat(seen.get(1 - place)).containsExactly(0, 1, 0, 1);
        }
    }

    @Test
    void takesSeriesThatGoAlong() {
        List<float[]> seen = new ArrayList<>();
        FakeTensorModel model = new FakeTensorModel(FakeTensorModel.input(DataType.FP32, -1, 3, 2), input -> {
            seen.add(Tensors.values(input));
            return List.of(Tensors.floats("y", Tensors.shape(1, 1), 1));
        });
        try (Harness harness = attach(model, Map.of("scaling", "none"))) {
            harness.run(Harness.request(Harness.json("x", "{\"feat_dynamic_real\": [[7, 8]], \"target\": [1, 2]}")));
            assertThat(seen.get(0)).containsExactly(0, 0, 1, 7, 2, 8);
            assertThat(harness.texts(
                            Harness.request(Harness.json("x", "[1]")),
                            Harness.request(Harness.json("x", "{\"feat_dynamic_real\": [[7]], \"target\": [1, 2]}")),
                            Harness.request(Harness.json("x", "{\"feat_dynamic_real\": [[null]], \"target\": [1]}"))))
                    .containsExactly(
                            "INVALID_INPUT feat_dynamic_real: 0 series (expected: 1, as the model takes)",
                            "INVALID_INPUT input 'x'.feat_dynamic_real: 1 values (expected: 2, as many as target has)",
                            "INVALID_INPUT feat_dynamic_real: null (expected: numbers, none of which is missing)");
        }
    }

    @Test
    void answersQuantiles() {
        Map<String, Object> options = Map.of("contextLength", 1, "quantiles", List.of(0.1, 0.5, 0.9));
        String expected = """
                {
                  "quantiles": {
                    "0.1": [
                      2.0,
                      4.0
                    ],
                    "0.5": [
                      6.0,
                      8.0
                    ],
                    "0.9": [
                      10.0,
                      12.0
                    ]
                  },
                  "mean": [
                    6.0,
                    NaN
                  ]
                }""";
        for (boolean stepsLast : List.of(true, false)) {
            FakeTensorModel model = new FakeTensorModel(
                    Signature.UNDECLARED,
                    input -> List.of(
                            stepsLast
                                    ? Tensors.floats("q", Tensors.shape(1, 3, 2), 1, 2, 3, 4, 5, 6)
                                    : Tensors.floats("q", Tensors.shape(1, 2, 3), 1, 3, 5, 2, 4, 6),
                            Tensors.floats("mean", Tensors.shape(1, 2), 3, Float.NaN)));
            try (Harness harness = attach(model, options)) {
                assertThat(harness.text(Harness.request(Harness.json("x", "[2]"))))
                        .isEqualTo(expected);
            }
        }
    }

    @Test
    void refusesWhatIsNoHistory() {
        try (Harness harness = attach(lastTwo(new ArrayList<>()), FOUR)) {
            assertThat(refusal(harness, "[]")).contains("input 'x': 0 values (expected: 1 or more)");
            assertThat(refusal(harness, "{}")).contains("input 'x': 0 values");
            assertThat(refusal(harness, "[1, \"2\"]")).contains("input 'x'[1]: not a number");
            assertThat(refusal(harness, "[1, [2]]")).contains("input 'x'[1]: not a number");
            assertThat(refusal(harness, "[1")).contains("not JSON");
            assertThat(refusal(harness, "[1] 2")).contains("more than one JSON value");
            assertThat(refusal(harness, "7")).contains("no list and no object");
            assertThat(refusal(harness, "{\"values\": [1]}")).contains("unknown member");
            assertThat(refusal(harness, "{\"target\": 1}")).contains("input 'x'.target: no list");
            assertThat(refusal(harness, "{\"target\": [1], \"feat_dynamic_real\": [1]}"))
                    .contains("feat_dynamic_real: no list");
            assertThat(refusal(harness, "{\"target\": [1]")).contains("not JSON");
            assertThat(refusal(harness, "[1e39]")).contains("1.0E39 (expected: at most 3.4028235E38");
            assertThat(refusal(harness, "[Infinity]")).contains("Infinity (expected:");
            assertThat(refusal(harness, "{\"target\": [1], \"feat_dynamic_real\": [" + "[1],".repeat(1000) + "[1]]}"))
                    .contains("more than 1000 lists");
            assertThat(harness.text(
                            Harness.request(new Input.OfTensor(Tensors.floats("x", Tensors.shape(2, 1), 2, 8)))))
                    .isEqualTo("INVALID_INPUT input 'x': [2, 1] (expected: [n] or [1, n])");
        }
    }

    @Property
    void onlyRefusesNoise(
            @ForAll @StringLength(max = 40) @Chars({'[', ']', '{', '}', ',', '1', '-', 'e', '.', ' ', '"', ':'})
                    String noise) {
        try (Harness harness = attach(lastTwo(new ArrayList<>()), FOUR)) {
            String answer = harness.text(Harness.request(Harness.json("x", "[1" + noise)));
            assertThat(answer).matches("(?s)(INVALID_INPUT .*)|(\\{.*)");
        }
    }

    @Test
    void refusesOutputsItCannotRead() {
        FakeTensorModel odd = new FakeTensorModel(
                Signature.UNDECLARED, input -> List.of(Tensors.floats("y", Tensors.shape(1, 2, 2), 0, 0, 0, 0)));
        try (Harness harness = attach(odd, FOUR)) {
            assertThatThrownBy(() -> harness.execute(Harness.request(Harness.json("x", "[2]"))))
                    .hasMessage("forecast: a row of the model's output is FP32 [2, 2]"
                            + " (expected: floating-point numbers [steps] or [9 quantiles, steps])");
        }
    }

    @Test
    void refusesModelsAndOptionsAtLoad() {
        Signature any = Signature.UNDECLARED;
        assertInvalid(any, Map.of(), "handler.forecast.contextLength: missing (expected: 1..100000, since the model's");
        assertInvalid(any, Map.of("context", 4), "handler.forecast.context: unknown key");
        assertInvalid(any, Map.of("contextLength", 4, "mask", "m"), "handler.forecast.mask: m (expected: one of two");
        assertInvalid(
                any,
                Map.of("contextLength", 4, "quantiles", List.of(0.1, 0.1)),
                "handler.forecast.quantiles: [0.1, 0.1] (expected: a list of different numbers in 0.0..1.0)");
        assertInvalid(
                FakeTensorModel.input(DataType.FP32, -1, 5),
                FOUR,
                "forecast: the model's input 'x' is FP32 [-1, 5] (expected: FP32 [-1, 4], as handler.forecast is set)");
        assertInvalid(FakeTensorModel.input(DataType.INT64, -1, 4), FOUR, "forecast: the model's input 'x' is INT64");
    }

    private static void assertInvalid(Signature signature, Map<String, Object> options, String message) {
        assertThatThrownBy(() -> attach(new FakeTensorModel(signature, FakeTensorModel::copy), options))
                .isInstanceOfSatisfying(
                        ServingException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_MODEL))
                .hasMessageStartingWith(message);
    }

    private static String refusal(Harness harness, String json) {
        String answer = harness.text(Harness.request(Harness.json("x", json)));
        assertThat(answer).startsWith("INVALID_INPUT");
        return answer;
    }

    /** Forecasts that the last two values come again. */
    private static FakeTensorModel lastTwo(List<float[]> seen) {
        return new FakeTensorModel(Signature.UNDECLARED, input -> {
            int rows = (int) input.shape().dimension(0);
            float[] values = Tensors.values(input);
            float[] last = new float[2 * rows];
            int length = values.length / rows;
            for (int row = 0; row < rows; row++) {
                System.arraycopy(values, (row + 1) * length - 2, last, 2 * row, 2);
            }
            seen.add(values);
            return List.of(Tensors.floats("y", Tensors.shape(rows, 2), last));
        });
    }

    private static Harness attach(FakeTensorModel model, Map<String, Object> options) {
        return new Harness(PROVIDER, model, Harness.spec(Map.of("handler", Map.of("forecast", options))));
    }
}
