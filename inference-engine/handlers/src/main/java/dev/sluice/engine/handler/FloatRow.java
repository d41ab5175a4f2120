// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler;

import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntFunction;

/** Rows of a model's output of the form a text handler needs, as single precision. */
final class FloatRow {
    private FloatRow() {}

    /** The row as a list of numbers, of which there are {@code least} or more. */
    static float[] vector(String handler, OutputRow row, int least) {
        if (row.shape().rank() != 1 || !row.isFractional() || row.size() < least) {
            throw mismatch(handler, row, least > 1 ? "a number for each of " + least + " tokens" : "a list of numbers");
        }
        return numbers(row, 0, row.size());
    }

    /** The row as a list of numbers for each of {@code tokens}; what is behind them belongs to padding. */
    static float[][] matrix(String handler, OutputRow row, int tokens) {
        if (row.shape().rank() != 2
                || !row.isFractional()
                || row.shape().dimension(0) < tokens
                || row.shape().dimension(1) == 0) {
            throw mismatch(handler, row, "numbers for each of " + tokens + " tokens");
        }
        int width = (int) row.shape().dimension(1);
        float[][] matrix = new float[tokens][];
        for (int i = 0; i < tokens; i++) {
            matrix[i] = numbers(row, i * width, width);
        }
        return matrix;
    }

    private static float[] numbers(OutputRow row, int from, int count) {
        float[] numbers = new float[count];
        for (int i = 0; i < count; i++) {
            numbers[i] = (float) row.number(from + i);
        }
        return numbers;
    }

    private static ServingException mismatch(String handler, OutputRow row, String expected) {
        return new ServingException(
                ErrorCode.INVALID_MODEL,
                handler + ": a row of the model's output is " + row.type() + " " + row.shape() + " (expected: "
                        + expected + ")");
    }

    /** The output at {@code index}, for one of the request's rows. */
    static OutputRow output(String handler, OutputSlice outputs, int index, int row) {
        if (index >= outputs.size()) {
            throw new ServingException(
                    ErrorCode.INVALID_MODEL,
                    handler + ": the model has " + outputs.size() + " outputs (expected: " + (index + 1) + " or more)");
        }
        return outputs.row(index, row);
    }

    /** In place: from scores to probabilities, as {@link Softmax} does. */
    static float[] softmax(float[] values) {
        float highest = Float.NEGATIVE_INFINITY;
        for (float value : values) {
            highest = Math.max(highest, value);
        }
        float sum = 0;
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) Math.exp(values[i] - highest);
            sum += values[i];
        }
        for (int i = 0; i < values.length; i++) {
            values[i] /= sum;
        }
        return values;
    }

    /** In place: from scores to probabilities that do not depend on each other. */
    static float[] sigmoid(float[] values) {
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) (1 / (1 + Math.exp(-values[i])));
        }
        return values;
    }

    /** One for all, a list for many. */
    static Object each(TextTask.Asked asked, IntFunction<Object> answer) {
        if (!asked.isList()) {
            return answer.apply(0);
        }
        List<Object> answers = new ArrayList<>();
        for (int row = 0; row < asked.rows().size(); row++) {
            answers.add(answer.apply(row));
        }
        return answers;
    }
}
