// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.protocol;

import dev.sluice.tensor.DataBuffer;
import java.util.List;
import java.util.Map;

/**
 * A full response.
 *
 * <p><b>Ownership:</b> owns its body; the transport releases it after writing, or when it cannot be written.
 *
 * @param headers in order; the transport adds {@code content-length} and {@code connection} itself, and closes the connection
 *     after a response that says {@code connection: close}
 */
public record RestResponse(int status, List<Map.Entry<String, String>> headers, DataBuffer body) {
    public RestResponse {
        headers = List.copyOf(headers);
    }
}
