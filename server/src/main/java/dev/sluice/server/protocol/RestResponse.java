// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.protocol;

import dev.sluice.tensor.DataBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * A full response.
 *
 * <p><b>Ownership:</b> owns its body; the transport releases it after writing, or when it cannot be written.
 *
 * @param reason that goes with the status; empty for the usual one
 * @param headers in order; the transport adds {@code content-length} and {@code connection} itself, and closes the connection
 *     after a response that says {@code connection: close}
 */
public record RestResponse(int status, String reason, List<Map.Entry<String, String>> headers, DataBuffer body) {
    public RestResponse {
        headers = List.copyOf(headers);
    }

    /** One with the usual reason. */
    public RestResponse(int status, List<Map.Entry<String, String>> headers, DataBuffer body) {
        this(status, "", headers, body);
    }

    /** The same with more headers, but for those whose names it has already. */
    public RestResponse withMissing(List<Map.Entry<String, String>> more) {
        List<Map.Entry<String, String>> all = new ArrayList<>(headers);
        for (Map.Entry<String, String> header : more) {
            if (headers.stream().noneMatch(own -> own.getKey().equalsIgnoreCase(header.getKey()))) {
                all.add(header);
            }
        }
        return new RestResponse(status, reason, all, body);
    }
}
