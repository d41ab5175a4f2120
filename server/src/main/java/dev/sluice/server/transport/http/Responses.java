// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.transport.http;

import dev.sluice.server.protocol.RestResponse;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.DefaultHttpResponse;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpStatusClass;
import io.netty.handler.codec.http.HttpVersion;

/** Makes Netty's messages from ours, with the headers that frame them. */
final class Responses {
    private Responses() {}

    /**
     * A full response; its content is a view of the body, which must stay alive until it is written.
     *
     * @throws IllegalArgumentException if a header cannot be sent as it is
     */
    static FullHttpResponse full(RequestLine request, RestResponse response, boolean close) {
        HttpResponseStatus status = status(response);
        boolean bodiless = request.isHead() || !mayHaveBody(status);
        ByteBuf content = bodiless ? Unpooled.EMPTY_BUFFER : BufferBridge.toByteBuf(response.body());
        FullHttpResponse message = new DefaultFullHttpResponse(HttpVersion.HTTP_1_1, status, content);
        fillHeaders(message, response, close);
        if (mayHaveBody(status)) {
            message.headers()
                    .set(HttpHeaderNames.CONTENT_LENGTH, response.body().size());
        }
        return message;
    }

    /**
     * The head of a streamed response.
     *
     * @throws IllegalArgumentException if a header cannot be sent as it is
     */
    static HttpResponse head(RequestLine request, RestResponse response, boolean close) {
        HttpResponseStatus status = status(response);
        if (isBodiless(request, response)) {
            FullHttpResponse whole = new DefaultFullHttpResponse(HttpVersion.HTTP_1_1, status, Unpooled.EMPTY_BUFFER);
            fillHeaders(whole, response, close);
            return whole;
        }
        HttpResponse message = new DefaultHttpResponse(HttpVersion.HTTP_1_1, status);
        fillHeaders(message, response, close);
        if (request.isChunkable()) {
            message.headers().set(HttpHeaderNames.TRANSFER_ENCODING, HttpHeaderValues.CHUNKED);
        }
        return message;
    }

    /** Whether nothing follows the head of a streamed response, whatever is said to follow. */
    static boolean isBodiless(RequestLine request, RestResponse head) {
        return request.isHead() || !mayHaveBody(status(head));
    }

    /** What is sent when the real answer cannot be. */
    static FullHttpResponse broken() {
        FullHttpResponse message = new DefaultFullHttpResponse(
                HttpVersion.HTTP_1_1, HttpResponseStatus.INTERNAL_SERVER_ERROR, Unpooled.EMPTY_BUFFER);
        message.headers().set(HttpHeaderNames.CONTENT_LENGTH, 0);
        message.headers().set(HttpHeaderNames.CONNECTION, HttpHeaderValues.CLOSE);
        return message;
    }

    /** Whether the response itself asks for the connection to be closed. */
    static boolean saysClose(RestResponse response) {
        return response.headers().stream()
                .anyMatch(header -> header.getKey().equalsIgnoreCase("connection")
                        && header.getValue().equalsIgnoreCase("close"));
    }

    private static void fillHeaders(HttpResponse message, RestResponse response, boolean close) {
        response.headers().forEach(header -> message.headers().add(header.getKey(), header.getValue()));
        message.headers().set(HttpHeaderNames.CONNECTION, close ? HttpHeaderValues.CLOSE : HttpHeaderValues.KEEP_ALIVE);
    }

    private static HttpResponseStatus status(RestResponse response) {
        int code = response.status();
        if (!response.reason().isEmpty()) {
            return new HttpResponseStatus(code, response.reason());
        }
        HttpResponseStatus known = HttpResponseStatus.valueOf(code);
        // Netty makes one up for a code it does not know, with the code in brackets.
        return known.reasonPhrase().endsWith("(" + code + ")") ? new HttpResponseStatus(code, "") : known;
    }

    private static boolean mayHaveBody(HttpResponseStatus status) {
        return status.codeClass() != HttpStatusClass.INFORMATIONAL
                && status.code() != HttpResponseStatus.NO_CONTENT.code()
                && status.code() != HttpResponseStatus.NOT_MODIFIED.code();
    }
}
