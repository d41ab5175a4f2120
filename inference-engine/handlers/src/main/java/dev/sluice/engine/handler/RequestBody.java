// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler;

import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.InferenceRequest;
import dev.sluice.inference.Input;
import dev.sluice.inference.ServingException;
import dev.sluice.tensor.ByteElements;
import dev.sluice.tensor.DataBuffer;
import dev.sluice.tensor.DataType;
import dev.sluice.tensor.Tensor;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * The one input a built-in handler looks at: {@code data}, else {@code body}, whichever is there and not empty; else the
 * only content there is, under whatever name.
 *
 * <p>Source: pytorch/serve {@code ts/torch_handler/vision_handler.py}, {@code row.get("data") or row.get("body")}.
 *
 * @param mediaType in lower case, without parameters; empty when the client sent none
 * @param content never empty; the request's, and valid while that is
 */
record RequestBody(String name, String mediaType, DataBuffer content) {
    private static final String JSON = "application/json";
    private static final List<String> NAMES = List.of("data", "body");

    /** @throws ServingException {@code INVALID_INPUT} if there is no such input, or it is empty */
    static RequestBody of(InferenceRequest request) {
        List<Input.OfContent> contents = new ArrayList<>();
        for (Input input : request.inputs()) {
            if (input instanceof Input.OfContent content) {
                contents.add(content);
            }
        }
        if (contents.isEmpty()
                && request.inputs().size() == 1
                && request.inputs().get(0) instanceof Input.OfTensor input) {
            contents.add(onlyText(input.tensor()));
        }
        return of(choose(contents, request));
    }

    /** @throws ServingException {@code INVALID_INPUT} if it is empty, or a tensor of other things than one text */
    static RequestBody of(Input input) {
        return input instanceof Input.OfContent content ? of(content) : of(onlyText(((Input.OfTensor) input).tensor()));
    }

    /** @throws ServingException {@code INVALID_INPUT} if it is empty */
    static RequestBody of(Input.OfContent chosen) {
        if (chosen.content().size() == 0) {
            throw invalid("input '" + chosen.name() + "': 0 bytes (expected: 1 or more)");
        }
        String type = chosen.contentType();
        int parameters = type.indexOf(';');
        String mediaType =
                (parameters < 0 ? type : type.substring(0, parameters)).strip().toLowerCase(Locale.ROOT);
        return new RequestBody(chosen.name(), mediaType, chosen.content());
    }

    /** JSON under a name of its own. */
    static RequestBody json(String name, DataBuffer text) {
        return new RequestBody(name, JSON, text);
    }

    /** The bytes in a tensor of one text, which is how tensor protocols send content. */
    private static Input.OfContent onlyText(Tensor tensor) {
        if (tensor.type() != DataType.BYTES || tensor.shape().elementCount() != 1) {
            throw invalid("input '" + tensor.name() + "': " + tensor.type() + " " + tensor.shape()
                    + " (expected: one element of BYTES)");
        }
        byte[] text = ByteElements.read(tensor).get(0);
        return new Input.OfContent(tensor.name(), "", DataBuffer.wrap(text));
    }

    /** Whether the first character that is not space is {@code wanted}. */
    boolean startsWith(char wanted) {
        ByteBuffer bytes = content.view();
        while (bytes.hasRemaining()) {
            int character = bytes.get() & 0xff;
            if (character > ' ') {
                return character == wanted;
            }
        }
        return false;
    }

    /** A copy of the bytes. */
    byte[] bytes() {
        return content.toByteArray();
    }

    /** Whether the bytes are those of a tensor. */
    boolean isBinary() {
        return mediaType.equals("application/octet-stream");
    }

    /** Whether the bytes are text, and Base64 rather than an image. */
    boolean isText() {
        return mediaType.startsWith("text/");
    }

    boolean isJson() {
        return mediaType.equals(JSON);
    }

    private static Input.OfContent choose(List<Input.OfContent> contents, InferenceRequest request) {
        for (String name : NAMES) {
            for (Input.OfContent content : contents) {
                if (content.name().equals(name) && content.content().size() > 0) {
                    return content;
                }
            }
        }
        if (contents.size() == 1) {
            return contents.get(0);
        }
        throw invalid("inputs: " + request.inputs().stream().map(Input::name).toList()
                + " (expected: bytes named 'data' or 'body', or only one input)");
    }

    private static ServingException invalid(String message) {
        return new ServingException(ErrorCode.INVALID_INPUT, message);
    }
}
