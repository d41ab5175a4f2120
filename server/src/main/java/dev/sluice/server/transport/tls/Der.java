// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.transport.tls;

import java.io.ByteArrayOutputStream;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Optional;

/** As much of DER as it takes to give a key the frame that the JDK reads. Source: X.690. */
final class Der {
    private static final int SEQUENCE = 0x30;
    private static final int OCTETS = 0x04;
    private static final int TAGGED = 0xA0;
    private static final int LONG_FORM = 0x80;
    private static final int MOST_LENGTH_BYTES = 3;

    /** The number 0. */
    static final byte[] ZERO = hex("020100");

    private Der() {}

    static byte[] hex(String digits) {
        return HexFormat.of().parseHex(digits);
    }

    static byte[] sequence(byte[]... elements) {
        ByteArrayOutputStream joined = new ByteArrayOutputStream();
        for (byte[] element : elements) {
            joined.writeBytes(element);
        }
        return element(SEQUENCE, joined.toByteArray());
    }

    static byte[] octets(byte[] content) {
        return element(OCTETS, content);
    }

    private static byte[] element(int tag, byte[] content) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.write(tag);
        if (content.length < LONG_FORM) {
            out.write(content.length);
        } else {
            int bytes = (Integer.SIZE - Integer.numberOfLeadingZeros(content.length) + 7) / Byte.SIZE;
            out.write(LONG_FORM | bytes);
            for (int i = bytes - 1; i >= 0; i--) {
                out.write(content.length >>> (i * Byte.SIZE));
            }
        }
        out.writeBytes(content);
        return out.toByteArray();
    }

    /**
     * What the element with context tag {@code number} holds, of those in the sequence {@code outer}; empty if there is none.
     *
     * @throws IllegalArgumentException if it is no sequence
     */
    static Optional<byte[]> taggedIn(byte[] outer, int number) {
        Element sequence = Element.at(outer, 0);
        if (sequence.tag() != SEQUENCE) {
            throw broken();
        }
        for (int at = sequence.from(); at < sequence.to(); ) {
            Element element = Element.at(outer, at);
            if (element.tag() == (TAGGED | number)) {
                return Optional.of(Arrays.copyOfRange(outer, element.from(), element.to()));
            }
            at = element.to();
        }
        return Optional.empty();
    }

    private record Element(int tag, int from, int to) {
        static Element at(byte[] bytes, int start) {
            if (start + 2 > bytes.length) {
                throw broken();
            }
            int length = bytes[start + 1] & 0xFF;
            int from = start + 2;
            if (length >= LONG_FORM) {
                int count = length - LONG_FORM;
                if (count < 1 || count > MOST_LENGTH_BYTES || from + count > bytes.length) {
                    throw broken();
                }
                length = 0;
                for (int i = 0; i < count; i++) {
                    length = (length << Byte.SIZE) | (bytes[from++] & 0xFF);
                }
            }
            if (length > bytes.length - from) {
                throw broken();
            }
            return new Element(bytes[start] & 0xFF, from, from + length);
        }
    }

    private static IllegalArgumentException broken() {
        return new IllegalArgumentException("a key that is whole");
    }
}
