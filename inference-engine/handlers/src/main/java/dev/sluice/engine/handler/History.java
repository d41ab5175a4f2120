// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.InferenceRequest;
import dev.sluice.inference.Input;
import dev.sluice.inference.ServingException;
import dev.sluice.tensor.Tensor;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * What was observed so far: a series of values, and series that go along with it. As JSON, a list of numbers, or an object as
 * GluonTS has them, of which {@code target} and {@code feat_dynamic_real} count and {@code start} and {@code item_id} may be
 * there. Missing values are {@code null} or {@code NaN}.
 *
 * @param target {@code NaN} where a value is missing
 * @param features each as long as the target
 */
@SuppressWarnings("ArrayRecordComponent") // never compared; a copy per use would cost more than the record saves
record History(double[] target, List<double[]> features) {
    private static final JsonFactory JSON = JsonFactory.builder()
            .enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS)
            .build();
    private static final int MAX_FEATURES = 1000;

    /** @throws ServingException {@code INVALID_INPUT} if the request has no history of one value or more; nothing else */
    static History of(InferenceRequest request) {
        if (request.inputs().size() == 1
                && request.inputs().get(0) instanceof Input.OfTensor input
                && NumberSink.takes(input.tensor().type())) {
            return ofTensor(input.tensor());
        }
        RequestBody body = RequestBody.of(request);
        String where = "input '" + body.name() + "'";
        try (JsonParser parser = JSON.createParser(body.bytes())) {
            History history = read(parser, where);
            if (parser.nextToken() != null) {
                throw invalid(where + ": more than one JSON value (expected: one)");
            }
            return history.checked(where);
        } catch (IOException e) {
            throw invalid(where + ": not JSON (expected: a list of numbers, or an object with a target)");
        }
    }

    /** One series, with or without a dimension for rows. */
    private static History ofTensor(Tensor tensor) {
        boolean isSeries = tensor.shape().rank() == 1
                || (tensor.shape().rank() == 2 && tensor.shape().dimension(0) == 1);
        if (!isSeries) {
            throw invalid("input '" + tensor.name() + "': " + tensor.shape() + " (expected: [n] or [1, n])");
        }
        OutputRow values = OutputRow.whole(tensor);
        double[] target = new double[values.size()];
        Arrays.setAll(target, values::number);
        return new History(target, List.of()).checked("input '" + tensor.name() + "'");
    }

    private static History read(JsonParser parser, String where) throws IOException {
        JsonToken first = parser.nextToken();
        if (first == JsonToken.START_ARRAY) {
            return new History(series(parser, where), List.of());
        }
        if (first != JsonToken.START_OBJECT) {
            throw invalid(where + ": no list and no object (expected: a list of numbers, or an object with a target)");
        }
        double[] target = {};
        List<double[]> features = List.of();
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            String name = parser.currentName();
            JsonToken value = parser.nextToken();
            switch (name) {
                case "target" -> target = list(parser, value, where + ".target");
                case "feat_dynamic_real" -> features = lists(parser, value, where + ".feat_dynamic_real");
                case "start", "item_id" -> parser.skipChildren();
                default ->
                    throw invalid(where + ": unknown member (expected: target, feat_dynamic_real, start, item_id)");
            }
        }
        return new History(target, features);
    }

    private static List<double[]> lists(JsonParser parser, JsonToken first, String where) throws IOException {
        List<double[]> lists = new ArrayList<>();
        if (first != JsonToken.START_ARRAY) {
            throw invalid(where + ": no list (expected: a list of lists of numbers)");
        }
        for (JsonToken next = parser.nextToken(); next != JsonToken.END_ARRAY; next = parser.nextToken()) {
            if (lists.size() == MAX_FEATURES) {
                throw invalid(
                        where + ": more than " + MAX_FEATURES + " lists (expected: " + MAX_FEATURES + " at most)");
            }
            lists.add(list(parser, next, where));
        }
        return lists;
    }

    private static double[] list(JsonParser parser, JsonToken first, String where) throws IOException {
        if (first != JsonToken.START_ARRAY) {
            throw invalid(where + ": no list (expected: a list of numbers)");
        }
        return series(parser, where);
    }

    /** The rest of a list of numbers and nulls. */
    private static double[] series(JsonParser parser, String where) throws IOException {
        double[] values = new double[256];
        int count = 0;
        for (JsonToken next = parser.nextToken(); next != JsonToken.END_ARRAY; next = parser.nextToken()) {
            if (next == null || !(next.isNumeric() || next == JsonToken.VALUE_NULL)) {
                throw invalid(where + "[" + count + "]: not a number (expected: numbers or null)");
            }
            if (count == values.length) {
                values = Arrays.copyOf(values, 2 * count);
            }
            values[count++] = next == JsonToken.VALUE_NULL ? Double.NaN : parser.getDoubleValue();
        }
        return Arrays.copyOf(values, count);
    }

    private History checked(String where) {
        if (target.length == 0) {
            throw invalid(where + ": 0 values (expected: 1 or more)");
        }
        checkSize(target, where);
        for (double[] feature : features) {
            if (feature.length != target.length) {
                throw invalid(where + ".feat_dynamic_real: " + feature.length + " values (expected: " + target.length
                        + ", as many as target has)");
            }
            checkSize(feature, where);
        }
        return this;
    }

    /** Models compute in single precision. */
    private static void checkSize(double[] values, String where) {
        for (double value : values) {
            if (Math.abs(value) > Float.MAX_VALUE) {
                throw invalid(where + ": " + value + " (expected: at most " + Float.MAX_VALUE + ", up or down)");
            }
        }
    }

    private static ServingException invalid(String message) {
        return new ServingException(ErrorCode.INVALID_INPUT, message);
    }
}
