// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler;

import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.InferenceRequest;
import dev.sluice.inference.Input;
import dev.sluice.inference.ServingException;
import dev.sluice.tensor.DataBuffer;
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
    private static final List<String> NAMES = List.of("data", "body");

    /** @throws ServingException {@code INVALID_INPUT} if there is no such input, or it is empty */
    static RequestBody of(InferenceRequest request) {
        List<Input.OfContent> contents = new ArrayList<>();
        for (Input input : request.inputs()) {
            if (input instanceof Input.OfContent content) {
                contents.add(content);
            }
        }
        Input.OfContent chosen = choose(contents, request);
        if (chosen.content().size() == 0) {
            throw invalid("input '" + chosen.name() + "': 0 bytes (expected: 1 or more)");
        }
        String mediaType = chosen.contentType().split(";", 2)[0].strip().toLowerCase(Locale.ROOT);
        return new RequestBody(chosen.name(), mediaType, chosen.content());
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
        return mediaType.equals("application/json");
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
