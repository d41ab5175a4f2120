// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import java.io.IOException;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Consumer;

/** A JSON object cut into its members, whose values are read by those who know what they are to be. */
final class NamedLists {
    private static final JsonFactory JSON = JsonFactory.builder()
            .enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS)
            .build();

    /** More inputs than any model has: each member is kept until all are read. */
    private static final int MOST_MEMBERS = 4096;

    private NamedLists() {}

    /**
     * The text of each member's value, in the object's order.
     *
     * @param check refuses a member by its name before anything is kept for it
     * @throws ServingException {@code INVALID_INPUT} if {@code body} is not one JSON object in UTF-8, or names something twice
     */
    static Map<String, byte[]> parse(RequestBody body, Consumer<String> check) {
        byte[] text = body.bytes();
        Map<String, byte[]> members = new LinkedHashMap<>();
        try (JsonParser parser = JSON.createParser(text)) {
            parser.nextToken();
            while (parser.nextToken() == JsonToken.FIELD_NAME) {
                String name = parser.currentName();
                check.accept(name);
                if (members.size() == MOST_MEMBERS) {
                    throw invalid(body, "more than " + MOST_MEMBERS + " members");
                }
                parser.nextToken();
                int from = (int) parser.currentTokenLocation().getByteOffset();
                if (from < 0) {
                    throw invalid(body, "not UTF-8");
                }
                parser.skipChildren();
                // Of a number or a word, the parser has only seen the first character for certain.
                parser.finishToken();
                int to = (int) parser.currentLocation().getByteOffset();
                if (members.put(name, Arrays.copyOfRange(text, from, to)) != null) {
                    throw invalid(body, "'" + name + "' there 2 times");
                }
            }
            if (parser.currentToken() != JsonToken.END_OBJECT || parser.nextToken() != null) {
                throw invalid(body, "more than one JSON value");
            }
            return members;
        } catch (IOException e) {
            throw invalid(body, "not JSON");
        }
    }

    private static ServingException invalid(RequestBody body, String found) {
        return new ServingException(
                ErrorCode.INVALID_INPUT,
                "input '" + body.name() + "': " + found
                        + " (expected: a JSON object with a nested list for each of the model's inputs)");
    }
}
