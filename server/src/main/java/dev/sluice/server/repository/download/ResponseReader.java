// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.repository.download;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Reads one answer of HTTP/1.1, strictly and within limits.
 *
 * <p><b>Threads:</b> confined to one.
 *
 * <p>Source: RFC 9112.
 */
final class ResponseReader {
    private static final int MOST_HEAD_BYTES = 64 << 10;
    private static final int PIECE = 64 << 10;
    private static final Pattern STATUS = Pattern.compile("HTTP/1\\.[01] (\\d{3})(?: .*)?");
    private static final Pattern CHUNK = Pattern.compile("([0-9a-fA-F]{1,15})[ \\t]*(?:;.*)?");

    private final InputStream in;
    private final List<Map.Entry<String, String>> headers = new ArrayList<>();

    /** Written by {@link #readHead}. */
    private int status;

    /** Written while reading: bytes of head still allowed. */
    private int headLeft = MOST_HEAD_BYTES;

    ResponseReader(InputStream in) {
        this.in = new BufferedInputStream(in, PIECE);
    }

    /** Reads status and headers; interim answers are skipped. */
    void readHead() throws IOException {
        do {
            Matcher line = STATUS.matcher(line());
            if (!line.matches()) {
                throw new IOException("not an answer of HTTP/1.1");
            }
            status = Integer.parseInt(line.group(1));
            headers.clear();
            for (String header = line(); !header.isEmpty(); header = line()) {
                int colon = header.indexOf(':');
                if (colon <= 0) {
                    throw new IOException("a header without a name");
                }
                headers.add(Map.entry(
                        header.substring(0, colon).toLowerCase(Locale.ROOT),
                        header.substring(colon + 1).strip()));
            }
        } while (status < 200);
    }

    int status() {
        return status;
    }

    /** The one value of that header; several that differ are an error. */
    Optional<String> header(String name) throws IOException {
        List<String> values = headers.stream()
                .filter(header -> header.getKey().equals(name))
                .map(Map.Entry::getValue)
                .distinct()
                .toList();
        if (values.size() > 1) {
            throw new IOException("several headers " + name);
        }
        return values.stream().findFirst();
    }

    /** Writes the body to {@code out}, at most {@code max} bytes of it. */
    void readBody(OutputStream out, long max) throws IOException {
        Optional<String> encoding = header("content-encoding").filter(value -> !value.equalsIgnoreCase("identity"));
        if (encoding.isPresent()) {
            throw new IOException("a compressed answer that nobody asked for");
        }
        Optional<String> transfer = header("transfer-encoding");
        Optional<String> length = header("content-length");
        if (transfer.isPresent()) {
            if (length.isPresent() || !transfer.get().equalsIgnoreCase("chunked")) {
                throw new IOException("a body of unclear length");
            }
            readChunks(out, max);
        } else if (length.isPresent()) {
            readExactly(out, number(length.get()), max);
        } else {
            readToEnd(out, max);
        }
    }

    private static long number(String text) throws IOException {
        if (!text.matches("\\d{1,18}")) {
            throw new IOException("a body of unclear length");
        }
        return Long.parseLong(text);
    }

    private void readExactly(OutputStream out, long length, long max) throws IOException {
        if (length > max) {
            throw tooLarge(max);
        }
        byte[] piece = new byte[PIECE];
        for (long left = length; left > 0; ) {
            int read = in.read(piece, 0, (int) Math.min(piece.length, left));
            if (read < 0) {
                throw new EOFException("the body ends " + left + " bytes early");
            }
            out.write(piece, 0, read);
            left -= read;
        }
    }

    private void readToEnd(OutputStream out, long max) throws IOException {
        byte[] piece = new byte[PIECE];
        long total = 0;
        for (int read = in.read(piece); read >= 0; read = in.read(piece)) {
            total += read;
            if (total > max) {
                throw tooLarge(max);
            }
            out.write(piece, 0, read);
        }
    }

    private void readChunks(OutputStream out, long max) throws IOException {
        long left = max;
        while (true) {
            headLeft = MOST_HEAD_BYTES;
            Matcher chunk = CHUNK.matcher(line());
            if (!chunk.matches()) {
                throw new IOException("a broken chunk");
            }
            long size = Long.parseLong(chunk.group(1), 16);
            if (size == 0) {
                return;
            }
            if (size > left) {
                throw tooLarge(max);
            }
            readExactly(out, size, left);
            left -= size;
            if (!line().isEmpty()) {
                throw new IOException("a broken chunk");
            }
        }
    }

    private static RefusedDownload tooLarge(long max) {
        return new RefusedDownload("larger than " + max + " bytes, the limit of download_max_size");
    }

    private String line() throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        for (int next = in.read(); next != '\n'; next = in.read()) {
            if (next < 0) {
                throw new EOFException("the answer ends early");
            }
            if (--headLeft < 0) {
                throw new IOException("a head of more than " + MOST_HEAD_BYTES + " bytes");
            }
            line.write(next);
        }
        String text = line.toString(StandardCharsets.ISO_8859_1);
        return text.endsWith("\r") ? text.substring(0, text.length() - 1) : text;
    }
}
