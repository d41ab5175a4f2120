// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.python;

import dev.sluice.inference.ServingException;
import dev.sluice.tensor.BufferAllocator;
import dev.sluice.tensor.DataBuffer;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Reads replies of a worker, piece by piece, and believes nothing: every number is checked before it is used. Small things go through
 * one buffer, which is used again; large bodies are read straight into the memory they are answered from.
 *
 * <p><b>Threads:</b> one at a time.
 *
 * <p><b>Errors:</b> {@link WireException} if what comes is no reply, {@link EOFException} if the connection ends within one; it must not
 * be used after that.
 *
 * <p><b>Source:</b> spec torchserve, 7.5.
 */
final class ReplyReader {
    private static final int BUFFER_BYTES = 16 << 10;
    private static final int LONGEST_HEADER = 6_500_000;
    private static final int MOST_HEADERS = 1000;
    private static final int LOWEST_CODE = 1;
    private static final int HIGHEST_CODE = 9999;
    private static final int END = -1;

    private final ReadableByteChannel source;
    private final BufferAllocator allocator;
    private final int maxBytes;
    private final ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER_BYTES).flip();
    private final Text message = new Text();
    private final Text header = new Text();

    /** @param maxBytes most bytes of one body, and of one text */
    ReplyReader(ReadableByteChannel source, BufferAllocator allocator, int maxBytes) {
        this.source = source;
        this.allocator = allocator;
        this.maxBytes = maxBytes;
    }

    /** Whether bytes came that nobody asked for yet. */
    boolean hasMore() {
        return buffer.hasRemaining();
    }

    /** Waits for a reply; its predictions have to be read next. */
    int code() throws IOException {
        int code = integer();
        if (code < LOWEST_CODE || code > HIGHEST_CODE) {
            throw new WireException("code of a reply: " + code + " (expected: " + LOWEST_CODE + ".." + HIGHEST_CODE + ")");
        }
        text(message, integer(), "message of a reply", maxBytes);
        return code;
    }

    /** What the reply says besides its code. */
    String message() {
        return message.toString();
    }

    /** The id of the next prediction; false if there is none. */
    boolean next(Prediction into) throws IOException {
        int length = integer();
        if (length == END) {
            return false;
        }
        text(into.id, length, "request id", maxBytes);
        return true;
    }

    /** All of a prediction but its id. */
    void read(Prediction into) throws IOException {
        text(into.contentType, integer(), "content type", maxBytes);
        into.status = integer();
        text(into.reason, integer(), "reason phrase", maxBytes);
        into.headers = headers();
        into.refusal = null;
        into.body = body(into);
    }

    /** Has the rest of a prediction go nowhere. */
    void skip(Prediction into) throws IOException {
        text(into.contentType, integer(), "content type", maxBytes);
        int unusedStatus = integer();
        text(into.reason, integer(), "reason phrase", maxBytes);
        Map<String, String> unusedHeaders = headers();
        skip(bodyLength());
    }

    private Map<String, String> headers() throws IOException {
        int count = integer();
        if (count == 0) {
            return Map.of();
        }
        if (count < 0 || count > MOST_HEADERS) {
            throw new WireException("number of headers: " + count + " (expected: 0.." + MOST_HEADERS + ")");
        }
        Map<String, String> headers = new LinkedHashMap<>();
        long budget = LONGEST_HEADER;
        for (int i = 0; i < count; i++) {
            int length = integer();
            text(header, length, "name of a header", (int) budget);
            String name = header.toString();
            budget -= length;
            length = integer();
            text(header, length, "value of a header", (int) budget);
            headers.put(name, header.toString());
            budget -= length;
        }
        return headers;
    }

    private int bodyLength() throws IOException {
        return checked(integer(), "body", maxBytes);
    }

    /** A body there is no memory for is passed over, so that what follows can be read; null then. */
    private @Nullable DataBuffer body(Prediction into) throws IOException {
        int length = bodyLength();
        DataBuffer memory;
        try {
            memory = allocator.allocate(length);
        } catch (ServingException e) {
            into.refusal = e;
            skip(length);
            return null;
        }
        try {
            fill(memory.view());
            return memory;
        } catch (IOException | RuntimeException | Error e) {
            memory.release();
            throw e;
        }
    }

    private void fill(ByteBuffer target) throws IOException {
        int there = Math.min(buffer.remaining(), target.remaining());
        target.put(buffer.slice(buffer.position(), there));
        buffer.position(buffer.position() + there);
        while (target.hasRemaining()) {
            receive(target);
        }
    }

    private void skip(int bytes) throws IOException {
        int left = bytes;
        while (left > buffer.remaining()) {
            left -= buffer.remaining();
            buffer.clear();
            receive(buffer);
            buffer.flip();
        }
        buffer.position(buffer.position() + left);
    }

    private int integer() throws IOException {
        require(Integer.BYTES);
        return buffer.getInt();
    }

    private void text(Text into, int length, String what, int most) throws IOException {
        checked(length, what, most);
        if (length <= buffer.capacity()) {
            require(length);
            into.read(buffer, length);
            return;
        }
        ByteBuffer whole = ByteBuffer.allocate(length);
        fill(whole);
        into.read(whole.flip(), length);
    }

    private static int checked(int length, String what, int most) throws WireException {
        if (length < 0 || length > most) {
            throw new WireException("length of a " + what + ": " + length + " (expected: 0.." + most + ")");
        }
        return length;
    }

    private void require(int bytes) throws IOException {
        if (buffer.remaining() >= bytes) {
            return;
        }
        buffer.compact();
        while (buffer.position() < bytes) {
            receive(buffer);
        }
        buffer.flip();
    }

    private void receive(ByteBuffer target) throws IOException {
        if (source.read(target) < 0) {
            throw new EOFException("the worker closed its connection");
        }
    }
}
