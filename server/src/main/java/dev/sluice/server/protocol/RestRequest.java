// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.protocol;

import dev.sluice.inference.Cancellation;
import dev.sluice.tensor.DataBuffer;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A full request, routed.
 *
 * @param id made by this server, unique
 * @param path percent-decoded, without the query
 * @param pathParameters values of the template's names; {@code {rest...}} is there, empty, if nothing was left
 * @param query each parameter's values in order, percent-decoded
 * @param headers in the order and spelling of the client
 * @param receivedNanos when its last byte was read, on the server's ticker
 * @param cancellation tripped when the client goes away before the answer
 */
public record RestRequest(
        String id,
        String method,
        String path,
        Map<String, String> pathParameters,
        Map<String, List<String>> query,
        List<Map.Entry<String, String>> headers,
        DataBuffer body,
        long receivedNanos,
        Cancellation cancellation) {
    /** The first value of that header, whatever its spelling. */
    public Optional<String> header(String name) {
        return headers.stream()
                .filter(header -> header.getKey().equalsIgnoreCase(name))
                .map(Map.Entry::getValue)
                .findFirst();
    }

    /** The first value of that query parameter. */
    public Optional<String> queryParameter(String name) {
        return Optional.ofNullable(query.get(name)).map(values -> values.get(0));
    }

    /** The value of a name in the endpoint's template. */
    public String pathParameter(String name) {
        String value = pathParameters.get(name);
        if (value == null) {
            throw new IllegalArgumentException(
                    "path parameter: " + name + " (expected one of: " + pathParameters.keySet() + ")");
        }
        return value;
    }
}
