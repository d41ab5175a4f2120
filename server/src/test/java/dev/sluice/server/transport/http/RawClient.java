// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.transport.http;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** A client that sends exactly the bytes it is told to, and reads one response at a time. */
public final class RawClient implements AutoCloseable {
    private static final int READ_TIMEOUT_MILLIS = 10_000;

    private final Socket socket;
    private final InputStream in;

    public RawClient(InetSocketAddress address) {
        try {
            socket = new Socket(address.getAddress(), address.getPort());
            socket.setTcpNoDelay(true);
            socket.setSoTimeout(READ_TIMEOUT_MILLIS);
            in = socket.getInputStream();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** One response: everything the server sent for it. */
    public record Response(String statusLine, List<String> headers, String body) {
        public int status() {
            return Integer.parseInt(statusLine.split(" ", -1)[1]);
        }

        public Optional<String> header(String name) {
            String prefix = name.toLowerCase(Locale.ROOT) + ": ";
            return headers.stream()
                    .filter(header -> header.toLowerCase(Locale.ROOT).startsWith(prefix))
                    .map(header -> header.substring(prefix.length()))
                    .findFirst();
        }

        /** As it came, with line feeds for line ends. */
        public String text() {
            return statusLine + "\n" + String.join("\n", headers) + "\n\n" + body;
        }
    }

    public void send(String text) {
        send(text.getBytes(StandardCharsets.ISO_8859_1));
    }

    public void send(byte[] bytes) {
        try {
            socket.getOutputStream().write(bytes);
            socket.getOutputStream().flush();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The next response to a request that was not HEAD. */
    public Response receive() {
        return receive(false);
    }

    /** The next response; {@code bodiless} for one to a HEAD request. */
    public Response receive(boolean bodiless) {
        try {
            String statusLine = line().orElseThrow(() -> new IOException("closed before a response"));
            List<String> headers = new ArrayList<>();
            for (String line = line().orElse(""); !line.isEmpty(); line = line().orElse("")) {
                headers.add(line);
            }
            Response head = new Response(statusLine, headers, "");
            return bodiless || head.status() == 204 || head.status() < 200
                    ? head
                    : new Response(statusLine, headers, body(head));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** All that comes before the connection ends. */
    public String receiveAll() {
        try {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** That many bytes of whatever comes, unless the connection ends before. */
    public void receiveBytes(int count) {
        try {
            in.readNBytes(count);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private String body(Response head) throws IOException {
        if (head.header("transfer-encoding").isPresent()) {
            return chunks();
        }
        Optional<String> length = head.header("content-length");
        byte[] bytes = length.isPresent() ? in.readNBytes(Integer.parseInt(length.get())) : in.readAllBytes();
        return new String(bytes, StandardCharsets.UTF_8);
    }

    private String chunks() throws IOException {
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        while (true) {
            int size = Integer.parseInt(line().orElseThrow(() -> new IOException("stream broken off")), 16);
            body.write(in.readNBytes(size));
            line();
            if (size == 0) {
                return body.toString(StandardCharsets.UTF_8);
            }
        }
    }

    private Optional<String> line() throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        for (int b = in.read(); b >= 0; b = in.read()) {
            if (b == '\n') {
                return Optional.of(line.toString(StandardCharsets.ISO_8859_1).stripTrailing());
            }
            line.write(b);
        }
        return line.size() == 0 ? Optional.empty() : Optional.of(line.toString(StandardCharsets.ISO_8859_1));
    }

    /** Whether the server closes the connection without sending more. */
    public boolean seesEnd() {
        try {
            return in.read() < 0;
        } catch (IOException e) {
            return String.valueOf(e.getMessage()).contains("reset");
        }
    }

    @Override
    public void close() {
        try {
            socket.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
