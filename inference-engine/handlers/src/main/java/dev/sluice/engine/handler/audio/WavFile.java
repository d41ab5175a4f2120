// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler.audio;

import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Reads WAV files: PCM of 8, 16, 24 or 32 bits and floats of 32 or 64, with any number of channels, of which the mean is
 * taken.
 *
 * <p>Source: Microsoft and IBM, "Multimedia Programming Interface and Data Specifications 1.0" (RIFF, WAVE); Microsoft,
 * "Multiple Channel Audio Data and WAVE Files" (WAVE_FORMAT_EXTENSIBLE).
 */
public final class WavFile {
    private static final int RIFF = fourCc("RIFF");
    private static final int WAVE = fourCc("WAVE");
    private static final int FORMAT = fourCc("fmt ");
    private static final int DATA = fourCc("data");
    /** What writers to a pipe leave where the size would be: the data goes on to the end. */
    private static final int UNKNOWN_SIZE = -1;

    private WavFile() {}

    /**
     * The sound in {@code file}, mixed down to one channel.
     *
     * @param maxSeconds longer sounds are cut, and not read to their end
     * @throws ServingException {@code INVALID_INPUT} if it is not a WAV file that can be read; nothing else
     */
    public static Sound decode(byte[] file, double maxSeconds) {
        ByteBuffer in = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
        try {
            if (in.getInt() != RIFF) {
                throw unreadable("no RIFF header");
            }
            in.getInt();
            if (in.getInt() != WAVE) {
                throw unreadable("a RIFF file that is not WAVE");
            }
            WavFormat format = WavFormat.read(chunk(in, FORMAT));
            return format.decode(chunk(in, DATA), maxSeconds);
        } catch (BufferUnderflowException e) {
            throw unreadable("a WAV file that is cut short");
        }
    }

    /** The body of the next chunk called {@code id}; {@code in} goes on behind it. */
    private static ByteBuffer chunk(ByteBuffer in, int id) {
        while (true) {
            int found = in.getInt();
            int size = in.getInt();
            boolean isOpen = size == UNKNOWN_SIZE && found == DATA;
            int length = isOpen ? in.remaining() : size;
            if (length < 0 || length > in.remaining()) {
                throw new BufferUnderflowException();
            }
            ByteBuffer body = in.slice(in.position(), length).order(ByteOrder.LITTLE_ENDIAN);
            // Chunks begin at even places; the last one may go without its padding.
            in.position(Math.min(in.limit(), in.position() + length + (length & 1)));
            if (found == id) {
                return body;
            }
        }
    }

    private static int fourCc(String name) {
        return name.charAt(0) | name.charAt(1) << 8 | name.charAt(2) << 16 | name.charAt(3) << 24;
    }

    /** The refusal of a body that is {@code found} instead of a sound. */
    public static ServingException unreadable(String found) {
        return new ServingException(
                ErrorCode.INVALID_INPUT,
                "audio: the body is not a sound this server can read: " + found
                        + " (expected: WAV with PCM of 8, 16, 24 or 32 bits, or floats of 32 or 64, as bytes or Base64"
                        + " text)");
    }
}
