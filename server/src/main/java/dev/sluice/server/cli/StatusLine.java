// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.charset.StandardCharsets;

/** How the answer to a change is printed. */
final class StatusLine {
    private StatusLine() {}

    /** The sentence in the answer, or all of it. */
    static String of(byte[] answer, boolean json) {
        JsonNode status = ServerClient.json(answer).path("status");
        return json || !status.isTextual() ? new String(answer, StandardCharsets.UTF_8).strip() : status.textValue();
    }
}
