// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.protocol.torchserve.rest;

import dev.sluice.inference.ResponseDetails;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a handler says besides its answer, as far as it can be sent. What cannot is left out, and the log says so: a handler's slip
 * must not cost the caller the answer.
 *
 * <p><b>Source:</b> torchserve.md section 1.5; RFC 9110 sections 5.6.2 and 5.5 for names and values.
 */
final class HandlerHeaders {
    private static final Logger LOG = LoggerFactory.getLogger(HandlerHeaders.class);

    /** Ours alone: what frames the message, and what goes with every answer. */
    private static final Set<String> RESERVED = Set.of(
            "connection",
            "content-length",
            "keep-alive",
            "proxy-connection",
            "te",
            "ts_stream_next",
            "trailer",
            "transfer-encoding",
            "upgrade",
            "x-request-id",
            "pragma",
            "cache-control",
            "expires");

    private static final String TOKEN_MARKS = "!#$%&'*+-.^_`|~";
    private static final int USUAL_STATUS = 200;
    private static final int LONGEST_REASON = 256;

    /** Bytes of names and values together; more than clients and proxies take. */
    private static final int MOST_BYTES = 32_768;

    private HandlerHeaders() {}

    /** The status wanted, if it is one that can end a request. */
    static int status(ResponseDetails details) {
        int status = details.status().orElse(USUAL_STATUS);
        if (status < USUAL_STATUS) {
            LOG.warn("A handler chose status {} (expected: 200..999); {} is sent", status, USUAL_STATUS);
            return USUAL_STATUS;
        }
        return status;
    }

    /** The reason wanted; empty for the usual one. */
    static String reason(ResponseDetails details) {
        String reason = details.reason();
        if (reason.length() <= LONGEST_REASON && reason.chars().allMatch(c -> c >= ' ' && c < 0x7f)) {
            return reason;
        }
        LOG.warn(
                "A handler chose a reason of {} characters that cannot be sent (expected: at most {}, all of them"
                        + " printable ASCII)",
                reason.length(),
                LONGEST_REASON);
        return "";
    }

    /** Those of {@code wanted} that can be sent. */
    static List<Map.Entry<String, String>> sendable(Map<String, String> wanted) {
        List<Map.Entry<String, String>> sendable = new ArrayList<>();
        int bytes = 0;
        for (Map.Entry<String, String> header : wanted.entrySet()) {
            String name = header.getKey();
            bytes += name.length() + header.getValue().length();
            if (!isName(name) || !isValue(header.getValue())) {
                LOG.warn(
                        "Header {} of a handler is left out: its name or value cannot be sent",
                        name.replaceAll("[^ -~]", "?"));
            } else if (RESERVED.contains(name.toLowerCase(Locale.ROOT))) {
                LOG.debug("Header {} of a handler is left out: it is the server's", name);
            } else if (bytes > MOST_BYTES) {
                LOG.warn("Header {} of a handler is left out: together more than {} bytes", name, MOST_BYTES);
            } else {
                sendable.add(header);
            }
        }
        return sendable;
    }

    private static boolean isName(String name) {
        return !name.isEmpty() && name.chars().allMatch(HandlerHeaders::isTokenCharacter);
    }

    private static boolean isTokenCharacter(int c) {
        return (c >= 'a' && c <= 'z')
                || (c >= 'A' && c <= 'Z')
                || (c >= '0' && c <= '9')
                || TOKEN_MARKS.indexOf(c) >= 0;
    }

    private static boolean isValue(String value) {
        return value.chars().allMatch(c -> c == '\t' || (c >= ' ' && c <= 0xff && c != 0x7f));
    }
}
