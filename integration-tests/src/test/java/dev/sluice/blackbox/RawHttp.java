// SPDX-License-Identifier: Apache-2.0
package dev.sluice.blackbox;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.IOException;
import java.net.Socket;
import java.net.URI;
import java.util.Locale;

/** One request as bytes, and the answer as bytes: for what clients hide. */
final class RawHttp {
    private static final int TIMEOUT_MS = 60_000;

    private RawHttp() {}

    /** What comes back until the server closes, in Latin-1; {@code connection: close} is added to the head. */
    static String exchange(URI uri, String method, String headers, byte[] body) throws IOException {
        String target = uri.getRawPath() + (uri.getRawQuery() == null ? "" : "?" + uri.getRawQuery());
        String head = method + " " + target + " HTTP/1.1\r\nhost: " + uri.getAuthority() + "\r\nconnection: close\r\n"
                + "content-length: " + body.length + "\r\n" + headers + "\r\n";
        try (Socket socket = new Socket(uri.getHost(), uri.getPort())) {
            socket.setSoTimeout(TIMEOUT_MS);
            socket.getOutputStream().write(head.getBytes(ISO_8859_1));
            socket.getOutputStream().write(body);
            socket.getOutputStream().flush();
            return new String(socket.getInputStream().readAllBytes(), ISO_8859_1);
        }
    }

    /** The value of a header in what {@link #exchange} gave; empty for none. */
    static String header(String answer, String name) {
        return answer.lines()
                .takeWhile(line -> !line.isEmpty())
                .filter(line -> line.toLowerCase(Locale.ROOT).startsWith(name.toLowerCase(Locale.ROOT) + ":"))
                .map(line -> line.substring(name.length() + 1).strip())
                .findFirst()
                .orElse("");
    }
}
