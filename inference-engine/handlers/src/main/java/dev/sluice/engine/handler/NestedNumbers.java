// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParseException;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.exc.StreamConstraintsException;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.tensor.DataType;
import dev.sluice.tensor.Shape;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * A row written as JSON: numbers, or strings, in lists in lists, all lists of one level equally long. A bare number is a row of rank 0. This
 * is the thorough reader: it knows every form JSON allows and says what is wrong; {@link JsonRowReader} comes before it.
 *
 * @param bytes little-endian, row-major
 */
@SuppressWarnings("ArrayRecordComponent") // never compared; a copy per use would cost more than the record saves
record NestedNumbers(DataType type, Shape shape, byte[] bytes) implements Rows {
    @Override
    public long size() {
        return bytes.length;
    }

    /** Lists in lists beyond which a body is refused, before it costs a stack. */
    static final int MAX_DEPTH = 64;

    /** Python's {@code json.loads} takes NaN and Infinity, and models are known to. */
    private static final JsonFactory JSON = JsonFactory.builder()
            .enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS)
            .build();

    @Override
    public void writeTo(ByteBuffer target) {
        target.put(bytes);
    }

    /** A row of zeros, or of empty texts. */
    static NestedNumbers zeros(DataType type, Shape shape) {
        int bytes = type.isFixedSize() ? type.elementBytes() : Integer.BYTES;
        return new NestedNumbers(type, shape, new byte[Math.toIntExact(shape.elementCount() * bytes)]);
    }

    /**
     * Reads the row of one request.
     *
     * @param body named in messages
     * @throws ServingException {@code INVALID_INPUT} if it is not JSON, not numbers of the type, too deep or ragged
     */
    static NestedNumbers parse(RequestBody body, DataType type) {
        String where = "input '" + body.name() + "'";
        try (JsonParser parser = JSON.createParser(body.bytes())) {
            parser.nextToken();
            NestedNumbers row = new Reader(where, type).read(parser);
            if (parser.nextToken() != null) {
                throw invalid(where + ": more than one JSON value (expected: one)");
            }
            return row;
        } catch (JsonParseException | StreamConstraintsException e) {
            throw invalid(where + ": not JSON at byte " + e.getLocation().getByteOffset()
                    + " (expected: a nested list of numbers)");
        } catch (IOException e) {
            throw invalid(where + ": not JSON (expected: a nested list of numbers)");
        }
    }

    private static ServingException invalid(String message) {
        return new ServingException(ErrorCode.INVALID_INPUT, message);
    }

    /** State of one parse: lengths of the lists that are open, and of those already closed, per level. */
    private static final class Reader {
        private static final int UNKNOWN = -1;

        private final String where;
        private final DataType type;
        private final NumberSink numbers;
        private final int[] open = new int[MAX_DEPTH];
        private final int[] closed = new int[MAX_DEPTH];
        /** Level on which the numbers are; written by the thread that parses. */
        private int rank = UNKNOWN;
        /** Lists now open; written by the thread that parses. */
        private int depth;

        Reader(String where, DataType type) {
            this.where = where;
            this.type = type;
            this.numbers = new NumberSink(type);
            Arrays.fill(closed, UNKNOWN);
        }

        NestedNumbers read(JsonParser parser) throws IOException {
            do {
                JsonToken token = parser.currentToken();
                if (token == JsonToken.START_ARRAY) {
                    openList();
                } else if (token == JsonToken.END_ARRAY) {
                    closeList();
                } else {
                    number(parser, token);
                }
            } while (depth > 0 && parser.nextToken() != null);
            long[] dimensions = new long[rank];
            Arrays.setAll(dimensions, level -> closed[level]);
            return new NestedNumbers(type, Shape.of(dimensions), numbers.toByteArray());
        }

        private void openList() {
            if (depth == MAX_DEPTH) {
                throw invalid(
                        where + ": lists nested deeper than " + MAX_DEPTH + " (expected: at most " + MAX_DEPTH + ")");
            }
            if (rank != UNKNOWN && depth >= rank) {
                throw ragged("a list where numbers are on level " + rank);
            }
            open[depth++] = 0;
        }

        private void closeList() {
            depth--;
            int length = open[depth];
            if (length == 0) {
                // An empty list is where numbers would be: [[], []] is of shape [2, 0].
                checkLevel(depth + 1);
            }
            if (closed[depth] == UNKNOWN) {
                closed[depth] = length;
            } else if (closed[depth] != length) {
                throw ragged("a list of length " + length + " beside one of " + closed[depth]);
            }
            count();
        }

        private void number(JsonParser parser, JsonToken token) throws IOException {
            if (token == null || !numbers.add(parser)) {
                throw invalid(where + ": " + found(parser, token) + " (expected: " + NumberSink.kind(type)
                        + " in nested lists)");
            }
            checkLevel(depth);
            count();
        }

        private void checkLevel(int level) {
            if (rank != UNKNOWN && rank != level) {
                throw ragged("numbers on level " + level + " and on level " + rank);
            }
            rank = level;
        }

        /** Whatever just ended is one more element of the list around it. */
        private void count() {
            if (depth > 0) {
                open[depth - 1]++;
            }
        }

        private ServingException ragged(String found) {
            return invalid(where + ": " + found + " (expected: lists of one level equally long)");
        }

        private static String found(JsonParser parser, JsonToken token) throws IOException {
            if (token == null) {
                return "nothing";
            }
            return switch (token) {
                case START_OBJECT -> "an object";
                case VALUE_STRING -> "a string";
                case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT -> shortened(parser.getText());
                case VALUE_TRUE, VALUE_FALSE, VALUE_NULL -> parser.getText();
                default -> "something else";
            };
        }

        private static String shortened(String number) {
            return number.length() <= 30 ? number : number.substring(0, 30) + "...";
        }
    }
}
