// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.tokenizers;

import com.google.gson.Strictness;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import java.io.IOException;
import java.io.StringReader;

/** Whether a text is JSON by the rules of the native library's parser: RFC 8259, shallow, finite, Unicode. */
final class JsonCheck {
    /** Half of what the native parser descends to. */
    private static final int MOST_DEPTH = 64;

    private final String name;
    private final JsonReader reader;

    private JsonCheck(String name, JsonReader reader) {
        this.name = name;
        this.reader = reader;
    }

    /**
     * @param name of the file, for messages
     * @throws ServingException {@code INVALID_MODEL} if not
     */
    static void check(String name, String text) {
        try (JsonReader reader = new JsonReader(new StringReader(text))) {
            reader.setStrictness(Strictness.STRICT);
            JsonCheck check = new JsonCheck(name, reader);
            check.value();
            if (reader.peek() != JsonToken.END_DOCUMENT) {
                throw check.invalid("more than one JSON value (expected: one)");
            }
        } catch (IOException | IllegalStateException | NumberFormatException e) {
            throw new ServingException(
                    ErrorCode.INVALID_MODEL, name + ": not JSON, or cut short (expected: a whole JSON object)", e);
        }
    }

    /** Not recursive, so that no file costs a stack. */
    private void value() throws IOException {
        int depth = 0;
        do {
            switch (reader.peek()) {
                case BEGIN_ARRAY, BEGIN_OBJECT -> depth = open(depth);
                case END_ARRAY -> {
                    reader.endArray();
                    depth--;
                }
                case END_OBJECT -> {
                    reader.endObject();
                    depth--;
                }
                case NAME -> requireUnicode(reader.nextName());
                case STRING -> requireUnicode(reader.nextString());
                case NUMBER -> requireFinite(reader.nextString());
                case BOOLEAN, NULL -> reader.skipValue();
                case END_DOCUMENT -> throw invalid("cut short (expected: a whole JSON object)");
            }
        } while (depth > 0);
    }

    private int open(int depth) throws IOException {
        if (depth == MOST_DEPTH) {
            throw invalid("nested deeper than " + MOST_DEPTH + " (expected: at most " + MOST_DEPTH + ")");
        }
        if (reader.peek() == JsonToken.BEGIN_ARRAY) {
            reader.beginArray();
        } else {
            reader.beginObject();
        }
        return depth + 1;
    }

    private void requireFinite(String number) {
        if (!Double.isFinite(Double.parseDouble(number))) {
            throw invalid("a number beyond double precision (expected: a finite one)");
        }
    }

    private void requireUnicode(String text) {
        for (int i = 0; i < text.length(); i++) {
            if (Character.isHighSurrogate(text.charAt(i))
                    && i + 1 < text.length()
                    && Character.isLowSurrogate(text.charAt(i + 1))) {
                i++;
            } else if (Character.isSurrogate(text.charAt(i))) {
                throw invalid("half of a surrogate pair alone in a string (expected: Unicode)");
            }
        }
    }

    private ServingException invalid(String problem) {
        return new ServingException(ErrorCode.INVALID_MODEL, name + ": " + problem);
    }
}
