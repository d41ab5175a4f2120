// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.transport;

import java.net.SocketAddress;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One line per answer, in TorchServe's grammar: {@code /127.0.0.1:1234 "GET /ping HTTP/1.1" 200 1}, and for gRPC
 * {@code /127.0.0.1:1234 "gRPC package.Service/Method HTTP/2.0" 0 1}. Text of clients is escaped, so that no line can be forged.
 *
 * <p><b>Threads:</b> safe from any thread. The appender of {@code ACCESS_LOG} has a thread of its own write, and drops lines
 * rather than wait for it.
 *
 * <p><b>Source:</b> torchserve.md sections 11.2 and 4.5.
 */
public final class AccessLog {
    private static final Logger LOG = LoggerFactory.getLogger("ACCESS_LOG");

    private AccessLog() {}

    /**
     * An answer over HTTP.
     *
     * @param uri as the client sent it, with its query
     * @param version such as {@code HTTP/1.1}
     */
    public static void http(
            @Nullable SocketAddress remote, String method, String uri, String version, int status, long nanos) {
        if (LOG.isInfoEnabled()) {
            LOG.info(
                    "{} \"{} {} {}\" {} {}",
                    remote,
                    safe(method),
                    safe(uri),
                    version,
                    status,
                    TimeUnit.NANOSECONDS.toMillis(nanos));
        }
    }

    /**
     * The end of a call over gRPC.
     *
     * @param method {@code package.Service/Method}
     * @param status number of gRPC's status
     */
    public static void grpc(@Nullable SocketAddress remote, String method, int status, long nanos) {
        if (LOG.isInfoEnabled()) {
            LOG.info(
                    "{} \"gRPC {} HTTP/2.0\" {} {}",
                    remote,
                    safe(method),
                    status,
                    TimeUnit.NANOSECONDS.toMillis(nanos));
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
