// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.transport.http;

import io.netty.handler.codec.http.QueryStringDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Where a request line points: path and query, decoded. As TorchServe does, escapes are decoded before the path is split, so
 * an encoded slash separates, and slashes at the end do not count (torchserve.md section 1.1).
 *
 * @param path decoded, without the query
 * @param segments of the path, without empty ones at its end
 */
record RequestTarget(String path, List<String> segments, Map<String, List<String>> query) {
    private static final int MAX_QUERY_PARAMETERS = 1024;

    /**
     * Reads the target of a request line, in its origin or its absolute form.
     *
     * @throws IllegalArgumentException naming what is wrong, if an escape is malformed
     */
    static RequestTarget parse(String uri) {
        QueryStringDecoder decoder =
                new QueryStringDecoder(withoutAuthority(uri), StandardCharsets.UTF_8, true, MAX_QUERY_PARAMETERS, true);
        String path = decoder.path();
        return new RequestTarget(path, split(path), decoder.parameters());
    }

    private static String withoutAuthority(String uri) {
        int scheme = uri.startsWith("/") ? -1 : uri.indexOf("://");
        if (scheme < 0) {
            return uri;
        }
        int path = uri.indexOf('/', scheme + 3);
        return path < 0 ? "/" : uri.substring(path);
    }

    /** What stands between the slashes of a path. */
    static List<String> split(String path) {
        List<String> segments = new ArrayList<>();
        int start = path.startsWith("/") ? 1 : 0;
        for (int i = start; i <= path.length(); i++) {
            if (i == path.length() || path.charAt(i) == '/') {
                segments.add(path.substring(start, i));
                start = i + 1;
            }
        }
        while (!segments.isEmpty() && segments.get(segments.size() - 1).isEmpty()) {
            segments.remove(segments.size() - 1);
        }
        return segments;
    }
}
