// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.protocol.torchserve.envelope;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.databind.util.ByteBufferBackedInputStream;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.Input;
import dev.sluice.inference.ServingException;
import dev.sluice.tensor.BufferAllocator;
import dev.sluice.tensor.DataBuffer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;

/** Bodies of requests, and the JSON in them, within bounds. */
final class Contents {
    private static final List<String> NAMES = List.of("data", "body");
    private static final int MAX_DEPTH = 64;
    private static final int MAX_NUMBER_LENGTH = 1000;

    private static final JsonFactory JSON = JsonFactory.builder()
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxNestingDepth(MAX_DEPTH)
                    .maxNumberLength(MAX_NUMBER_LENGTH)
                    .maxStringLength(Integer.MAX_VALUE)
                    .build())
            .build();

    private Contents() {}

    /** What handlers of the original look at: {@code data} if it is there and not empty, else {@code body}. */
    static Optional<Input.OfContent> chosen(List<Input> inputs) {
        for (String name : NAMES) {
            for (Input input : inputs) {
                if (input instanceof Input.OfContent content
                        && content.name().equals(name)
                        && content.content().size() > 0) {
                    return Optional.of(content);
                }
            }
        }
        return Optional.empty();
    }

    /** The text of an envelope. */
    static DataBuffer json(List<Input> inputs) {
        return chosen(inputs)
                .map(Input.OfContent::content)
                .orElseThrow(() -> invalid("Request has no body (expected: a JSON object)"));
    }

    static JsonParser parser(ByteBuffer bytes) throws IOException {
        return JSON.createParser(new ByteBufferBackedInputStream(bytes));
    }

    /** Goes to the first field of the object that all of the text is. */
    static void enter(JsonParser parser) throws IOException {
        if (parser.nextToken() != JsonToken.START_OBJECT) {
            throw invalid("Request body is no JSON object (expected: one)");
        }
        if (parser.currentLocation().getByteOffset() < 0) {
            throw invalid("Request body is not UTF-8 (expected: JSON in UTF-8)");
        }
    }

    /** Sees that nothing follows the object. */
    static void leave(JsonParser parser) throws IOException {
        if (parser.nextToken() != null) {
            throw invalid("Request body goes on after its JSON object (expected: nothing)");
        }
    }

    /** Where the current token begins. */
    static int start(JsonParser parser) {
        return (int) parser.currentTokenLocation().getByteOffset();
    }

    /** Where the value of the current token ends; goes to its last token. */
    static int end(JsonParser parser) throws IOException {
        parser.skipChildren();
        parser.finishToken();
        return (int) parser.currentLocation().getByteOffset();
    }

    static ServingException notJson(IOException e) {
        String why = e instanceof JsonProcessingException json ? json.getOriginalMessage() : "its bytes are not text";
        return new ServingException(ErrorCode.INVALID_INPUT, "Request body is not JSON: " + why, e);
    }

    static ServingException invalid(String message) {
        return new ServingException(ErrorCode.INVALID_INPUT, message);
    }

    /** A copy of {@code bytes} that counts. */
    static DataBuffer copy(byte[] bytes, BufferAllocator allocator) {
        DataBuffer memory = allocator.allocate(bytes.length);
        memory.view().put(bytes);
        return memory;
    }
}
