// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.protocol.torchserve.envelope;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.io.JsonStringEncoder;
import dev.sluice.inference.Output;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.Optional;

/**
 * An answer as one value in JSON: as it is if it is JSON; else as a string if it is text; else in Base64, as
 * {@code {"b64": "..."}}. Tensors are nested lists, several of them an object of such.
 */
final class AnswerJson {
    private static final byte[] NULL = "null".getBytes(StandardCharsets.UTF_8);

    private AnswerJson() {}

    /** The outputs stay the caller's. */
    static byte[] of(List<Output> outputs) {
        if (outputs.isEmpty()) {
            return NULL;
        }
        if (outputs.size() == 1) {
            return outputs.get(0) instanceof Output.OfContent content
                    ? of(content)
                    : TensorText.nested(((Output.OfTensor) outputs.get(0)).tensor())
                            .getBytes(StandardCharsets.UTF_8);
        }
        return outputs.get(0) instanceof Output.OfContent ? ofParts(outputs) : ofTensors(outputs);
    }

    /** Parts of a streamed answer, put together. */
    private static byte[] ofParts(List<Output> outputs) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (Output output : outputs) {
            if (output instanceof Output.OfContent part) {
                all.writeBytes(part.content().toByteArray());
            }
        }
        String type = ((Output.OfContent) outputs.get(0)).contentType();
        return of(type, all.toByteArray());
    }

    private static byte[] ofTensors(List<Output> outputs) {
        StringBuilder json = new StringBuilder("{");
        for (Output output : outputs) {
            if (output instanceof Output.OfTensor named) {
                json.append(json.length() == 1 ? "" : ", ")
                        .append(quoted(named.tensor().name()))
                        .append(": ")
                        .append(TensorText.nested(named.tensor()));
            }
        }
        return json.append('}').toString().getBytes(StandardCharsets.UTF_8);
    }

    private static byte[] of(Output.OfContent content) {
        return of(content.contentType(), content.content().toByteArray());
    }

    private static byte[] of(String contentType, byte[] bytes) {
        boolean mayBeJson = contentType.isEmpty() || contentType.startsWith("application/");
        if (mayBeJson && isJson(bytes)) {
            return bytes;
        }
        String value = text(bytes)
                .map(AnswerJson::quoted)
                .orElseGet(() -> "{\"b64\": \"" + Base64.getEncoder().encodeToString(bytes) + "\"}");
        return value.getBytes(StandardCharsets.UTF_8);
    }

    /** Whether it is one value and nothing else. */
    static boolean isJson(byte[] bytes) {
        try (JsonParser parser = Contents.parser(ByteBuffer.wrap(bytes))) {
            if (parser.nextToken() == null) {
                return false;
            }
            parser.skipChildren();
            return parser.nextToken() == null && text(bytes).isPresent();
        } catch (IOException e) {
            return false;
        }
    }

    /** The text in UTF-8, if it is some. */
    static Optional<String> text(byte[] bytes) {
        try {
            return Optional.of(StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString());
        } catch (CharacterCodingException e) {
            return Optional.empty();
        }
    }

    /** {@code text} as a string in JSON. */
    static String quoted(String text) {
        return '"' + new String(JsonStringEncoder.getInstance().quoteAsString(text)) + '"';
    }
}
