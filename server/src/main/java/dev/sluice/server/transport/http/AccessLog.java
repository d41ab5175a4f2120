// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.transport.http;

import java.net.SocketAddress;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One line per response, in TorchServe's grammar: {@code /127.0.0.1:1234 "GET /ping HTTP/1.1" 200 1} (torchserve.md
 * section 11.2).
 *
 * <p><b>Threads:</b> safe from any thread. Whether a line waits for the disk is up to the appender of {@code ACCESS_LOG}.
 */
final class AccessLog {
    private static final Logger LOG = LoggerFactory.getLogger("ACCESS_LOG");

    private AccessLog() {}

    static void write(SocketAddress remote, RequestLine line, int status, long durationNanos) {
        if (LOG.isInfoEnabled()) {
            LOG.info(
                    "{} \"{} {} {}\" {} {}",
                    remote,
                    safe(line.method()),
                    safe(line.uri()),
                    line.version(),
                    status,
                    TimeUnit.NANOSECONDS.toMillis(durationNanos));
        }
    }

    /** The client's text with whatever could end the line, leave its quotes or steer a terminal written as an escape. */
    static String safe(String text) {
        StringBuilder escaped = new StringBuilder(text.length());
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c > ' ' && c < 0x7F && c != '"') {
                escaped.append(c);
            } else {
                escaped.append(String.format("\\u%04x", (int) c));
            }
        }
        return escaped.toString();
    }
}
