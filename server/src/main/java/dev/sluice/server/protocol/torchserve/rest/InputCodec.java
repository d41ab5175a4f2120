// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.protocol.torchserve.rest;

import dev.sluice.inference.Input;
import dev.sluice.tensor.DataBuffer;
import java.util.List;
import java.util.Locale;

/**
 * Turns a request body into named inputs. Bytes are not copied: inputs are the body, or slices of it.
 *
 * <p><b>Source:</b> torchserve.md section 1.4.
 */
final class InputCodec {
    /** The name of a body that has no parts. */
    static final String BODY = "body";

    private InputCodec() {}

    /** As {@link #decode(String, DataBuffer)}, with content types only if {@code typed}. */
    static List<Input> decode(String contentType, DataBuffer body, boolean typed) {
        List<Input> inputs = decode(contentType, body);
        return typed ? inputs : inputs.stream().map(InputCodec::untyped).toList();
    }

    /** The same bytes, of which nobody is told what they are. */
    private static Input untyped(Input input) {
        return input instanceof Input.OfContent content
                ? new Input.OfContent(content.name(), "", content.content())
                : input;
    }

    /**
     * The inputs in {@code body}.
     *
     * <p><b>Ownership:</b> takes {@code body}, always.
     *
     * @param contentType as the client sent it; empty for none
     * @throws dev.sluice.inference.ServingException {@code INVALID_INPUT} saying what is malformed
     */
    static List<Input> decode(String contentType, DataBuffer body) {
        return switch (mediaType(contentType)) {
            case "multipart/form-data" -> MultipartCodec.decode(contentType, body);
            case "application/x-www-form-urlencoded" -> FormCodec.decode(body);
            default -> List.of(new Input.OfContent(BODY, contentType, body));
        };
    }

    /** The media type in lower case, without parameters. */
    static String mediaType(String contentType) {
        int parameters = contentType.indexOf(';');
        String type = parameters < 0 ? contentType : contentType.substring(0, parameters);
        return type.strip().toLowerCase(Locale.ROOT);
    }
}
