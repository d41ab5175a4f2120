// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.transport.http;

import dev.sluice.server.protocol.RestResponder;
import dev.sluice.server.protocol.RestResponse;
import dev.sluice.tensor.DataBuffer;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import java.util.List;
import java.util.Map;

/**
 * What browsers are told about pages of other origins: headers that go with every answer, errors included, unless an answer has
 * its own. A browser that asks before it sends gets its answer here, without a token, which it cannot have yet.
 *
 * <p>Source: torchserve.md section 1.5; the Fetch standard, "CORS-preflight request".
 *
 * @param headers empty if browsers are told nothing
 */
public record CrossOrigin(List<Map.Entry<String, String>> headers) {
    /** Browsers are told nothing. */
    public static final CrossOrigin NONE = new CrossOrigin(List.of());

    private static final int NO_CONTENT = 204;

    public CrossOrigin {
        headers = List.copyOf(headers);
    }

    /** Whether {@code head} asks what a page may send, instead of sending it. */
    boolean isAsked(HttpRequest head) {
        return !headers.isEmpty()
                && head.method().equals(HttpMethod.OPTIONS)
                && head.headers().contains(HttpHeaderNames.ACCESS_CONTROL_REQUEST_METHOD);
    }

    /** What is said to one that asks. */
    RestResponse answer(String requestId) {
        return new RestResponse(
                NO_CONTENT, List.of(Map.entry("x-request-id", requestId)), DataBuffer.wrap(new byte[0]));
    }

    /** {@code responder} itself, or one that adds the headers. */
    RestResponder over(RestResponder responder) {
        return headers.isEmpty() ? responder : new Telling(responder);
    }

    /** Adds the headers to what goes before the body. */
    private final class Telling implements RestResponder {
        private final RestResponder next;

        private Telling(RestResponder next) {
            this.next = next;
        }

        @Override
        public void respond(RestResponse response) {
            next.respond(response.withMissing(headers));
        }

        @Override
        public void startStream(RestResponse head) {
            next.startStream(head.withMissing(headers));
        }

        @Override
        public void chunk(DataBuffer data) {
            next.chunk(data);
        }

        @Override
        public void endStream() {
            next.endStream();
        }

        @Override
        public void abortStream() {
            next.abortStream();
        }
    }
}
