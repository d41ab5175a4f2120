// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.protocol.torchserve.rest;

import com.fasterxml.jackson.databind.JsonNode;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.server.protocol.RestRequest;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeMap;

/**
 * Parameters of a management call. As the original does, a number that cannot be read counts as not given, and only the word
 * {@code true} is true; a number that can be read but makes no sense is refused.
 *
 * <p><b>Source:</b> torchserve.md section 2.
 */
record Parameters(Map<String, String> values) {
    Parameters {
        values = Map.copyOf(values);
    }

    /** The first value of each query parameter. */
    static Parameters ofQuery(RestRequest request) {
        Map<String, String> values = new TreeMap<>();
        request.query().forEach((name, all) -> values.put(name, all.get(0)));
        return new Parameters(values);
    }

    /**
     * The fields of a JSON object.
     *
     * @throws ServingException {@code INVALID_INPUT} if it is none
     */
    static Parameters ofJson(byte[] text) {
        JsonNode object = WireJson.parse(text);
        if (!object.isObject()) {
            throw new ServingException(
                    ErrorCode.INVALID_INPUT, "Request body is " + object.getNodeType() + " (expected: a JSON object)");
        }
        Map<String, String> values = new TreeMap<>();
        object.properties().stream()
                .filter(field ->
                        field.getValue().isValueNode() && !field.getValue().isNull())
                .forEach(field -> values.put(field.getKey(), field.getValue().asText()));
        return new Parameters(values);
    }

    Optional<String> text(String name) {
        return Optional.ofNullable(values.get(name));
    }

    /** Text that is not empty. */
    Optional<String> name(String name) {
        return text(name).filter(text -> !text.isEmpty());
    }

    boolean isTrue(String name, boolean otherwise) {
        return text(name).map(text -> text.equalsIgnoreCase("true")).orElse(otherwise);
    }

    OptionalInt integer(String name) {
        try {
            return OptionalInt.of(Integer.parseInt(text(name).orElse("")));
        } catch (NumberFormatException e) {
            return OptionalInt.empty();
        }
    }

    /**
     * A number within bounds.
     *
     * @param unset the value by which the original's clients say that they give none
     * @throws ServingException {@code INVALID_INPUT} naming the value and the bounds
     */
    OptionalInt integer(String name, int unset, int least, int most) {
        OptionalInt given = integer(name);
        if (given.isEmpty() || given.getAsInt() == unset) {
            return OptionalInt.empty();
        }
        return OptionalInt.of(within(name, given.getAsInt(), least, most));
    }

    /** {@code value} itself, if it is within bounds. */
    static int within(String name, int value, int least, int most) {
        if (value < least || value > most) {
            throw new ServingException(
                    ErrorCode.INVALID_INPUT, name + ": " + value + " (expected: " + least + ".." + most + ")");
        }
        return value;
    }
}
