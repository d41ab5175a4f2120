// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler;

import com.fasterxml.jackson.core.io.NumberInput;
import dev.sluice.tensor.DataType;
import java.nio.ByteBuffer;

/**
 * Reads one JSON number, or a truth value where the type is {@code BOOL}, and writes it as little-endian bytes of one type.
 * A decimal becomes the nearest value of the type, ties to even.
 *
 * <p>Most decimals need only a multiplication. Up to 2^53 times or by a power of ten up to 10^22, both exact, one rounded
 * operation gives the nearest double (Clinger, "How to read floating point numbers accurately", 1990). A float follows from a
 * double that is off by a few units, unless that lies as near to the middle of two floats; then, and beyond those bounds, the
 * digits go to Jackson's parser.
 *
 * <p><b>Threads:</b> confined to one thread.
 */
final class NumberReader {
    /** Below 10^17 one more digit gives less than 10^18, which a long holds. */
    private static final long EXTENDABLE = 100_000_000_000_000_000L;

    private static final long MAX_EXACT = 1L << 53;
    private static final int MAX_EXACT_POWER = 22;
    private static final double[] POWERS_OF_TEN = new double[MAX_EXACT_POWER + 1];

    /** The bits of a double that a float has no room for, their middle, and how near to it a result is not trusted. */
    private static final long BEYOND_FLOAT = (1L << 29) - 1;

    private static final long MIDDLE = 1L << 28;
    private static final long DOUBT = 16;

    /** Longer ones are refused by Jackson, too: reading them all takes more than linear time. */
    private static final int MAX_LENGTH = 1000;

    /** Beyond this an exponent has no digits that matter: everything is zero or infinite. */
    private static final int WILD_EXPONENT = 100_000;

    static {
        POWERS_OF_TEN[0] = 1;
        for (int i = 1; i <= MAX_EXACT_POWER; i++) {
            POWERS_OF_TEN[i] = POWERS_OF_TEN[i - 1] * 10;
        }
    }

    private final DataType type;
    /** Written by the confining thread: the characters of a number, for Jackson. */
    private char[] scratch = new char[64];

    /** Written by the confining thread: whether the number scanned has a minus. */
    private boolean negative;

    /** Written by the confining thread: its first digits, without the point. */
    private long digits;

    /** Written by the confining thread: the power of ten to be multiplied with {@link #digits}. */
    private int power;

    /** Written by the confining thread: whether it has digits after {@link #digits}. */
    private boolean hasMoreDigits;

    /** @param type one for which {@link NumberSink#takes} is true */
    NumberReader(DataType type) {
        this.type = type;
    }

    /**
     * Reads the number at {@code from} and writes it at the position of {@code target}.
     *
     * @return where it ends; -1 if there is none, or none of the type
     */
    int read(ByteBuffer text, int from, ByteBuffer target) {
        return switch (type) {
            case FP32, FP64 -> decimal(text, from, target);
            case BOOL -> truth(text, from, target);
            case UINT8, UINT16, UINT32, UINT64, INT8, INT16, INT32, INT64 -> integer(text, from, target);
            case FP16, BF16, BYTES -> -1;
        };
    }

    private static int truth(ByteBuffer text, int from, ByteBuffer target) {
        String word = from < text.limit() && text.get(from) == 't' ? "true" : "false";
        if (from + word.length() > text.limit()) {
            return -1;
        }
        for (int i = 0; i < word.length(); i++) {
            if (text.get(from + i) != word.charAt(i)) {
                return -1;
            }
        }
        target.put((byte) (word.length() == 4 ? 1 : 0));
        return from + word.length();
    }

    private int integer(ByteBuffer text, int from, ByteBuffer target) {
        int end = scan(text, from);
        if (end < 0 || hasMoreDigits || power != 0 || !isInteger(text, from, end)) {
            return -1;
        }
        long value = negative ? -digits : digits;
        int bits = type.elementBytes() * 8;
        boolean isUnsigned =
                type == DataType.UINT8 || type == DataType.UINT16 || type == DataType.UINT32 || type == DataType.UINT64;
        // A long of 18 digits fits both kinds of 64 bits; longer ones are left to the slower reader.
        long above = isUnsigned ? value >> Math.min(bits, 63) : (value >> (bits - 1)) ^ (value >> 63);
        if (above != 0) {
            return -1;
        }
        switch (type.elementBytes()) {
            case 1 -> target.put((byte) value);
            case 2 -> target.putShort((short) value);
            case 4 -> target.putInt((int) value);
            default -> target.putLong(value);
        }
        return end;
    }

    private static boolean isInteger(ByteBuffer text, int from, int end) {
        for (int i = from; i < end; i++) {
            byte b = text.get(i);
            if (b != '-' && !isDigit(b)) {
                return false;
            }
        }
        return true;
    }

    private int decimal(ByteBuffer text, int from, ByteBuffer target) {
        int end = scan(text, from);
        if (end < 0 || end - from > MAX_LENGTH) {
            return -1;
        }
        if (type == DataType.FP32) {
            target.putFloat(asFloat(text, from, end));
        } else {
            target.putDouble(asDouble(text, from, end));
        }
        return end;
    }

    private double asDouble(ByteBuffer text, int from, int end) {
        if (digits == 0 && !hasMoreDigits) {
            return isNegativeZero(text, from, end) ? -0.0 : 0.0;
        }
        if (!hasMoreDigits && digits <= MAX_EXACT && Math.abs(power) <= MAX_EXACT_POWER) {
            return scaled();
        }
        return NumberInput.parseDouble(characters(text, from, end), 0, end - from, true);
    }

    private float asFloat(ByteBuffer text, int from, int end) {
        if (digits == 0 && !hasMoreDigits) {
            return isNegativeZero(text, from, end) ? -0.0f : 0.0f;
        }
        if (Math.abs(power) <= MAX_EXACT_POWER) {
            double near = scaled();
            long tail = Double.doubleToRawLongBits(near) & BEYOND_FLOAT;
            if (Math.abs(tail - MIDDLE) > DOUBT) {
                return (float) near;
            }
        }
        return NumberInput.parseFloat(characters(text, from, end), 0, end - from, true);
    }

    /** The integer -0 is 0, to Jackson as to Python; only a decimal keeps its sign. */
    private boolean isNegativeZero(ByteBuffer text, int from, int end) {
        return negative && !isInteger(text, from, end);
    }

    /** Within a unit or two of the value scanned; the nearest to it if the digits are exact. */
    private double scaled() {
        double value = power < 0 ? digits / POWERS_OF_TEN[-power] : digits * POWERS_OF_TEN[power];
        return negative ? -value : value;
    }

    private char[] characters(ByteBuffer text, int from, int end) {
        if (scratch.length < end - from) {
            scratch = new char[Math.max(end - from, 2 * scratch.length)];
        }
        for (int i = from; i < end; i++) {
            scratch[i - from] = (char) text.get(i);
        }
        return scratch;
    }

    /** Takes a decimal apart; where it ends, or -1 if JSON has no such number. */
    private int scan(ByteBuffer text, int from) {
        int limit = text.limit();
        int at = from;
        negative = at < limit && text.get(at) == '-';
        at += negative ? 1 : 0;
        digits = 0;
        power = 0;
        hasMoreDigits = false;
        int whole = at;
        at = digits(text, at, 0);
        if (at == whole || (text.get(whole) == '0' && at > whole + 1)) {
            return -1;
        }
        if (at < limit && text.get(at) == '.') {
            int fraction = at + 1;
            at = digits(text, fraction, 1);
            if (at == fraction) {
                return -1;
            }
        }
        return at < limit && (text.get(at) | 0x20) == 'e' ? exponent(text, at + 1) : at;
    }

    /** Takes digits in; those beyond the room there is only move the point. */
    private int digits(ByteBuffer text, int from, int places) {
        int limit = text.limit();
        int at = from;
        long sum = digits;
        while (at < limit && isDigit(text.get(at))) {
            int digit = text.get(at++) - '0';
            if (sum < EXTENDABLE) {
                sum = 10 * sum + digit;
                power -= places;
            } else {
                hasMoreDigits = true;
                power += 1 - places;
            }
        }
        digits = sum;
        return at;
    }

    private int exponent(ByteBuffer text, int from) {
        int limit = text.limit();
        int at = from;
        boolean minus = at < limit && text.get(at) == '-';
        at += minus || (at < limit && text.get(at) == '+') ? 1 : 0;
        int first = at;
        int exponent = 0;
        while (at < limit && isDigit(text.get(at))) {
            exponent = Math.min(WILD_EXPONENT, 10 * exponent + text.get(at++) - '0');
        }
        power += minus ? -exponent : exponent;
        return at == first ? -1 : at;
    }

    private static boolean isDigit(byte b) {
        return b >= '0' && b <= '9';
    }
}
