// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.python;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.GatheringByteChannel;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Puts one message to a worker together: small things into a buffer of its own, which is used again for the next message, large ones
 * stay where they are until the message is written, all at once.
 *
 * <p><b>Threads:</b> one at a time.
 *
 * <p><b>Ownership:</b> reads the bodies it is given until the message has been written, and forgets them then.
 *
 * <p><b>Source:</b> integers and strings as in spec torchserve, 7.1.
 */
final class FrameWriter {
    private static final int FIRST_BYTES = 8 << 10;

    /** A buffer that has grown beyond this is not kept for the next message. */
    private static final int KEPT_BYTES = 1 << 20;

    /** Below this a copy costs less than one more piece to gather. */
    private static final int SMALL_BODY = 1 << 10;

    private static final int BYTES_PER_CHAR = 3;
    private static final int LAST_ASCII = 0x7f;

    /** Whoever writes the message, as all fields below: what is not a large body. */
    private ByteBuffer frame = ByteBuffer.allocateDirect(FIRST_BYTES);

    /** The large bodies. */
    private @Nullable ByteBuffer[] bodies = new @Nullable ByteBuffer[4];

    /** Where in the frame each of them belongs. */
    private int[] places = new int[4];

    /** How many there are. */
    private int count;

    /** Views of the frame and the bodies between them, as they are written; kept to be used again. */
    private ByteBuffer[] pieces = new ByteBuffer[0];

    /** Begins a new message. */
    void begin() {
        frame.clear();
        forgetBodies();
    }

    void putByte(int value) {
        room(1).put((byte) value);
    }

    void putInt(int value) {
        room(Integer.BYTES).putInt(value);
    }

    /** A length and UTF-8. */
    void putText(String text) {
        int length = text.length();
        ByteBuffer target = room(Integer.BYTES + BYTES_PER_CHAR * length);
        int start = target.position();
        target.putInt(length);
        for (int i = 0; i < length; i++) {
            char next = text.charAt(i);
            if (next > LAST_ASCII) {
                target.position(start);
                byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
                target.putInt(bytes.length).put(bytes);
                return;
            }
            target.put((byte) next);
        }
    }

    /** The remaining bytes of {@code body}, after their length; moves its position. */
    void putBody(ByteBuffer body) {
        putInt(body.remaining());
        putBytes(body);
    }

    /** The remaining bytes of {@code body} alone; moves its position. */
    void putBytes(ByteBuffer body) {
        if (body.remaining() <= SMALL_BODY) {
            room(body.remaining()).put(body);
            return;
        }
        if (count == bodies.length) {
            bodies = Arrays.copyOf(bodies, 2 * count);
            places = Arrays.copyOf(places, 2 * count);
        }
        bodies[count] = body;
        places[count] = frame.position();
        count++;
    }

    private ByteBuffer room(int bytes) {
        if (frame.remaining() < bytes) {
            ByteBuffer larger = ByteBuffer.allocateDirect(Math.max(2 * frame.capacity(), frame.position() + bytes));
            frame = larger.put(frame.flip());
            pieces = new ByteBuffer[0];
        }
        return frame;
    }

    /** Writes the message, with as few calls as the channel lets it. */
    void writeTo(GatheringByteChannel channel) throws IOException {
        try {
            if (count == 0) {
                frame.flip();
                while (frame.hasRemaining()) {
                    channel.write(frame);
                }
            } else {
                writePieces(channel);
            }
        } finally {
            forgetBodies();
            if (frame.capacity() > KEPT_BYTES) {
                frame = ByteBuffer.allocateDirect(FIRST_BYTES);
                pieces = new ByteBuffer[0];
            }
        }
    }

    private void writePieces(GatheringByteChannel channel) throws IOException {
        int last = 2 * count;
        views(last + 1);
        int start = 0;
        for (int i = 0; i <= count; i++) {
            int end = i < count ? places[i] : frame.position();
            pieces[2 * i].limit(end).position(start);
            if (i < count) {
                pieces[2 * i + 1] = Objects.requireNonNull(bodies[i]);
            }
            start = end;
        }
        int first = 0;
        while (first <= last) {
            channel.write(pieces, first, last + 1 - first);
            while (first <= last && !pieces[first].hasRemaining()) {
                first++;
            }
        }
    }

    /** Has a view of the frame at each even place of {@link #pieces}, and room for a body at each odd one. */
    private void views(int needed) {
        int there = pieces.length;
        if (there < needed) {
            pieces = Arrays.copyOf(pieces, needed);
            for (int i = there; i < needed; i++) {
                pieces[i] = frame.duplicate();
            }
        }
        for (int i = 0; i < needed; i += 2) {
            pieces[i].clear();
        }
    }

    private void forgetBodies() {
        for (int i = 0; i < count; i++) {
            bodies[i] = null;
            if (2 * i + 1 < pieces.length) {
                pieces[2 * i + 1] = frame;
            }
        }
        count = 0;
    }
}
