// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.transport.http;

import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import org.jspecify.annotations.Nullable;

/**
 * What the answer to a request depends on, kept after the request is gone.
 *
 * @param keepAlive whether the client wants the connection to stay open
 */
record RequestLine(String method, String uri, String version, boolean keepAlive) {
    /** For a request whose first line was not understood. */
    private static final RequestLine UNKNOWN = new RequestLine("-", "-", "HTTP/1.1", false);

    static RequestLine of(@Nullable HttpRequest head) {
        return head == null
                ? UNKNOWN
                : new RequestLine(
                        head.method().name(), head.uri(), head.protocolVersion().text(), HttpUtil.isKeepAlive(head));
    }

    /** Whether the answer has no body, whatever its headers say. */
    boolean isHead() {
        return method.equals(HttpMethod.HEAD.name());
    }

    /** Whether the client knows chunks. */
    boolean isChunkable() {
        return version.equals(HttpVersion.HTTP_1_1.text());
    }
}
