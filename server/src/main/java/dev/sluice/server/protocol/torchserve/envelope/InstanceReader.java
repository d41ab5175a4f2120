// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.protocol.torchserve.envelope;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import dev.sluice.inference.Input;
import dev.sluice.tensor.BufferAllocator;
import dev.sluice.tensor.DataBuffer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Makes inputs of one instance. {@code {"b64": "..."}} is the bytes it stands for; an object of {@code data} or {@code body}, or with
 * such bytes in it, is an input for each of its fields; all else is JSON, the very bytes of the request.
 *
 * <p><b>Threads:</b> confined to one.
 */
final class InstanceReader {
    private static final String BYTES = "application/octet-stream";
    private static final String JSON = "application/json";
    private static final Set<String> WHOLES = Set.of("data", "body");
    private static final int MAX_FIELDS = 1024;

    private final JsonParser parser;
    private final DataBuffer text;
    private final BufferAllocator allocator;

    /** @param text what the parser reads */
    InstanceReader(JsonParser parser, DataBuffer text, BufferAllocator allocator) {
        this.parser = parser;
        this.text = text;
        this.allocator = allocator;
    }

    /**
     * One field of an instance.
     *
     * @param string its value if that is a text
     * @param encoded its value in Base64 if it says so
     */
    private record Field(String name, int start, int end, Optional<String> string, Optional<String> encoded) {}

    /** The inputs of the instance at the parser's token, which then is its last; the caller's. */
    List<Input> read(int index) throws IOException {
        int start = Contents.start(parser);
        if (parser.currentToken() != JsonToken.START_OBJECT) {
            return List.of(json("body", start, Contents.end(parser)));
        }
        List<Field> fields = fields(index);
        int end = Contents.end(parser);
        if (isEncoded(fields)) {
            return List.of(decoded("body", fields.get(0).string().orElseThrow(), index));
        }
        boolean apart = !fields.isEmpty()
                && (fields.stream().anyMatch(field -> field.encoded().isPresent())
                        || fields.stream().allMatch(field -> WHOLES.contains(field.name())));
        return apart ? inputs(fields, index) : List.of(json("body", start, end));
    }

    private List<Field> fields(int index) throws IOException {
        List<Field> fields = new ArrayList<>();
        while (parser.nextToken() != JsonToken.END_OBJECT) {
            if (fields.size() == MAX_FIELDS) {
                throw Contents.invalid(
                        "instances[" + index + "]: more than " + MAX_FIELDS + " fields (expected: at most that)");
            }
            fields.add(field(parser.currentName()));
        }
        return fields;
    }

    private Field field(String name) throws IOException {
        JsonToken token = parser.nextToken();
        int start = Contents.start(parser);
        if (token == JsonToken.START_OBJECT) {
            Optional<String> encoded = encoded();
            return new Field(name, start, Contents.end(parser), Optional.empty(), encoded);
        }
        Optional<String> string = token == JsonToken.VALUE_STRING ? Optional.of(parser.getText()) : Optional.empty();
        return new Field(name, start, Contents.end(parser), string, Optional.empty());
    }

    /** The text of an object whose only field is {@code b64}; goes to the object's end. */
    private Optional<String> encoded() throws IOException {
        Optional<String> encoded = Optional.empty();
        for (int i = 0; parser.nextToken() != JsonToken.END_OBJECT; i++) {
            boolean named = parser.currentName().equals("b64");
            boolean isText = parser.nextToken() == JsonToken.VALUE_STRING;
            encoded = i == 0 && named && isText ? Optional.of(parser.getText()) : Optional.empty();
            parser.skipChildren();
        }
        return encoded;
    }

    private static boolean isEncoded(List<Field> fields) {
        return fields.size() == 1
                && fields.get(0).name().equals("b64")
                && fields.get(0).string().isPresent();
    }

    private List<Input> inputs(List<Field> fields, int index) {
        List<Input> inputs = new ArrayList<>();
        try {
            for (Field field : fields) {
                inputs.add(input(field, index));
            }
            return inputs;
        } catch (RuntimeException | Error e) {
            inputs.forEach(Input::release);
            throw e;
        }
    }

    private Input input(Field field, int index) {
        if (field.encoded().isPresent()) {
            return decoded(field.name(), field.encoded().get(), index);
        }
        if (field.string().isPresent()) {
            byte[] utf8 = field.string().get().getBytes(StandardCharsets.UTF_8);
            return new Input.OfContent(field.name(), "text/plain", Contents.copy(utf8, allocator));
        }
        return json(field.name(), field.start(), field.end());
    }

    private Input json(String name, int start, int end) {
        return new Input.OfContent(name, JSON, text.retainedSlice(start, end - start));
    }

    private Input decoded(String name, String encoded, int index) {
        byte[] bytes;
        try {
            bytes = Base64.getDecoder().decode(encoded);
        } catch (IllegalArgumentException e) {
            throw Contents.invalid("instances[" + index + "]: b64 is not Base64: " + e.getMessage());
        }
        return new Input.OfContent(name, BYTES, Contents.copy(bytes, allocator));
    }
}
