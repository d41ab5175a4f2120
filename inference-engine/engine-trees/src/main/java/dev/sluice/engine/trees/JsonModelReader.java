// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.trees;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import java.io.IOException;
import java.util.Arrays;
import java.util.Objects;

/** JSON. Besides what the standard allows, XGBoost writes {@code NaN} and {@code Infinity}. */
final class JsonModelReader extends ModelReader {
    private static final JsonFactory JSON = JsonFactory.builder()
            .enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS)
            .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
            .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
            .streamReadConstraints(
                    StreamReadConstraints.builder().maxNestingDepth(DEEPEST).build())
            .build();

    private final JsonParser parser;

    /** Whether the parser's token was looked at and is still to be read. Written by the thread that reads. */
    private boolean held;

    JsonModelReader(byte[] content) {
        this.parser = call(() -> JSON.createParser(content));
    }

    private interface Call<T> {
        T run() throws IOException;
    }

    private static <T> T call(Call<T> call) {
        try {
            return call.run();
        } catch (JsonProcessingException e) {
            throw new MalformedModelException("its JSON is damaged: " + e.getOriginalMessage(), e);
        } catch (IOException e) {
            throw new MalformedModelException("its JSON is damaged", e);
        }
    }

    private JsonToken next() {
        JsonToken token = call(held ? parser::currentToken : parser::nextToken);
        held = false;
        if (token == null) {
            throw new MalformedModelException("its JSON ends too early (expected: an object, closed)");
        }
        return token;
    }

    private void expect(JsonToken actual, JsonToken expected) {
        if (actual != expected) {
            throw new MalformedModelException("its JSON has " + actual + " (expected: " + expected + ")");
        }
    }

    @Override
    void object(Fields fields) {
        expect(next(), JsonToken.START_OBJECT);
        while (next() != JsonToken.END_OBJECT) {
            fields.field(Objects.requireNonNull(call(parser::currentName)));
        }
    }

    @Override
    void array(Runnable element) {
        expect(next(), JsonToken.START_ARRAY);
        while (next() != JsonToken.END_ARRAY) {
            held = true;
            element.run();
        }
    }

    @Override
    String text() {
        expect(next(), JsonToken.VALUE_STRING);
        return call(parser::getText);
    }

    @Override
    float[] floats() {
        expect(next(), JsonToken.START_ARRAY);
        float[] values = new float[16];
        int size = 0;
        for (JsonToken token = next(); token != JsonToken.END_ARRAY; token = next()) {
            if (!token.isNumeric()) {
                throw new MalformedModelException("its JSON has " + token + " (expected: a number)");
            }
            if (size == values.length) {
                values = Arrays.copyOf(values, 2 * size);
            }
            values[size++] = call(parser::getFloatValue);
        }
        return Arrays.copyOf(values, size);
    }

    @Override
    int[] ints() {
        expect(next(), JsonToken.START_ARRAY);
        int[] values = new int[16];
        int size = 0;
        for (JsonToken token = next(); token != JsonToken.END_ARRAY; token = next()) {
            if (size == values.length) {
                values = Arrays.copyOf(values, 2 * size);
            }
            values[size++] = integer(token);
        }
        return Arrays.copyOf(values, size);
    }

    private int integer(JsonToken token) {
        return switch (token) {
            case VALUE_TRUE -> 1;
            case VALUE_FALSE -> 0;
            case VALUE_NUMBER_INT -> call(parser::getIntValue);
            default -> throw new MalformedModelException("its JSON has " + token + " (expected: a whole number)");
        };
    }

    @Override
    void skip() {
        next();
        call(parser::skipChildren);
    }

    @Override
    void end() {
        if (call(parser::nextToken) != null) {
            throw new MalformedModelException("its JSON goes on after its end");
        }
    }
}
