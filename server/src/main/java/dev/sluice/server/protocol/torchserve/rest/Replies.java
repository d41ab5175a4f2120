// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.protocol.torchserve.rest;

import com.fasterxml.jackson.databind.JsonNode;
import dev.sluice.inference.ResponseDetails;
import dev.sluice.server.protocol.RestResponse;
import dev.sluice.tensor.DataBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Responses with the headers TorchServe puts on all of them (torchserve.md section 1.5). */
final class Replies {
    private static final List<Map.Entry<String, String>> NOT_CACHED = List.of(
            Map.entry("Pragma", "no-cache"),
            Map.entry("Cache-Control", "no-cache; no-store, must-revalidate, private"),
            Map.entry("Expires", "Thu, 01 Jan 1970 00:00:00 UTC"));

    private Replies() {}

    static RestResponse json(String requestId, int status, JsonNode body) {
        return json(requestId, status, body, List.of());
    }

    static RestResponse json(String requestId, int status, JsonNode body, List<Map.Entry<String, String>> more) {
        return new RestResponse(
                status, headers(requestId, "application/json", more), DataBuffer.wrap(WireJson.print(body)));
    }

    /** The envelope of every management call that changes something. */
    static RestResponse status(String requestId, int status, String text) {
        return json(requestId, status, WireJson.object().put("status", text));
    }

    /** Bytes as they are; no content type if {@code contentType} is empty. */
    static RestResponse content(String requestId, String contentType, DataBuffer body) {
        return new RestResponse(200, headers(requestId, contentType, List.of()), body);
    }

    /**
     * Bytes as they are, with what their handler says besides.
     *
     * @param first headers that go before the handler's
     */
    static RestResponse content(
            String requestId,
            String contentType,
            ResponseDetails details,
            List<Map.Entry<String, String>> first,
            DataBuffer body) {
        if (first.isEmpty() && details.equals(ResponseDetails.NONE)) {
            return content(requestId, contentType, body);
        }
        List<Map.Entry<String, String>> chosen = HandlerHeaders.sendable(details.headers());
        boolean typed = chosen.stream().anyMatch(header -> header.getKey().equalsIgnoreCase("content-type"));
        List<Map.Entry<String, String>> more = new ArrayList<>(first);
        more.addAll(chosen);
        return new RestResponse(
                HandlerHeaders.status(details),
                HandlerHeaders.reason(details),
                headers(requestId, typed ? "" : contentType, more),
                body);
    }

    private static List<Map.Entry<String, String>> headers(
            String requestId, String contentType, List<Map.Entry<String, String>> more) {
        List<Map.Entry<String, String>> headers = new ArrayList<>();
        if (!contentType.isEmpty()) {
            headers.add(Map.entry("content-type", contentType));
        }
        headers.add(Map.entry("x-request-id", requestId));
        headers.addAll(NOT_CACHED);
        headers.addAll(more);
        return headers;
    }
}
