// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.InferenceRequest;
import dev.sluice.inference.ServingException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/**
 * Reads the forms in which text handlers take texts: bytes of UTF-8; or, as {@code application/json}, a string, a list of strings, or an
 * object with either as its member "text". What is sent as JSON and is none is read as the text it is, as TorchServe does.
 *
 * @param texts one or more
 * @param isList whether the answer is to be a list, too
 */
record TextBody(List<String> texts, boolean isList) {
    private static final ObjectReader JSON = JsonMapper.builder()
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build()
            .readerFor(JsonNode.class);

    private static final String TEXT = "text";
    private static final String EXPECTED = " (expected: text, a list of texts, or an object with either as 'text')";

    /**
     * @param limits what a request may have
     * @throws ServingException {@code INVALID_INPUT} if there are no texts, or more than the limits allow
     */
    static TextBody read(InferenceRequest request, TextOptions limits) {
        RequestBody body = RequestBody.of(request);
        limits.requireBytes(TEXT, body.content().size(), body.isJson() ? limits.maxRows() : 1);
        Optional<JsonNode> json = body.isJson() ? json(body) : Optional.empty();
        TextBody read = json.map(TextBody::of).orElseGet(() -> new TextBody(List.of(utf8(body.bytes())), false));
        limits.requireRows("texts", read.texts.size());
        read.texts.forEach(text -> limits.requireCharacters(TEXT, text));
        return read;
    }

    private static TextBody of(JsonNode json) {
        JsonNode value = json.isObject() ? json.path(TEXT) : json;
        if (value.isTextual()) {
            return new TextBody(List.of(value.textValue()), false);
        }
        if (!value.isArray() || value.isEmpty()) {
            throw invalid((json.isObject() ? "'text': " + kind(value) : kind(value)) + EXPECTED);
        }
        List<String> texts = new ArrayList<>();
        for (JsonNode element : value) {
            if (!element.isTextual()) {
                throw invalid("texts[" + texts.size() + "]: " + kind(element) + EXPECTED);
            }
            texts.add(element.textValue());
        }
        return new TextBody(texts, true);
    }

    /**
     * The two texts of a request by their names: the members of a JSON object, or inputs of their own.
     *
     * @throws ServingException {@code INVALID_INPUT} if one is missing
     */
    static List<String> named(InferenceRequest request, TextOptions limits, String first, String second) {
        Function<String, Optional<String>> find = inputs(request, limits);
        if (find.apply(first).isEmpty() && find.apply(second).isEmpty()) {
            RequestBody body = RequestBody.of(request);
            limits.requireBytes("input '" + body.name() + "'", body.content().size(), 2);
            JsonNode json = json(body)
                    .orElseThrow(() -> invalid("input '" + body.name() + "': not JSON (expected: an object with '"
                            + first + "' and '" + second + "')"));
            find = name -> Optional.ofNullable(json.path(name).textValue());
        }
        List<String> texts = new ArrayList<>();
        for (String name : List.of(first, second)) {
            String text = find.apply(name)
                    .orElseThrow(() -> invalid(
                            "'" + name + "': no text (expected: texts as '" + first + "' and '" + second + "')"));
            limits.requireCharacters(name, text);
            texts.add(text);
        }
        return texts;
    }

    private static Function<String, Optional<String>> inputs(InferenceRequest request, TextOptions limits) {
        return name -> request.inputs().stream()
                .filter(input -> input.name().equals(name))
                .findFirst()
                .map(input -> {
                    RequestBody body = RequestBody.of(input);
                    limits.requireBytes(name, body.content().size(), 1);
                    return utf8(body.bytes());
                });
    }

    private static Optional<JsonNode> json(RequestBody body) {
        try {
            return Optional.of(JSON.readTree(body.bytes()));
        } catch (JsonProcessingException e) {
            return Optional.empty();
        } catch (IOException e) {
            throw new ServingException(ErrorCode.INVALID_INPUT, "input '" + body.name() + "': cannot be read", e);
        }
    }

    private static String utf8(byte[] bytes) {
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString();
        } catch (CharacterCodingException e) {
            throw invalid("text: " + bytes.length + " bytes that are not UTF-8 (expected: text in UTF-8)");
        }
    }

    private static String kind(JsonNode value) {
        if (value.isArray()) {
            return "an empty list";
        }
        return value.isMissingNode() ? "missing" : value.getNodeType().name();
    }

    private static ServingException invalid(String message) {
        return new ServingException(ErrorCode.INVALID_INPUT, message);
    }
}
