// SPDX-License-Identifier: Apache-2.0
package dev.sluice.tensor;

/** Conversion of {@link DataType#FP16}, which the JDK has only from version 20 on, and of {@link DataType#BF16}. */
public final class HalfFloat {
    private static final int EXPONENT_GAP = 127 - 15;
    private static final float SMALLEST_SUBNORMAL = 0x1p-24f;
    private static final float SMALLEST_NORMAL = 0x1p-14f;

    /** From here on the nearest half is infinite: half a step above the largest. */
    private static final float FIRST_INFINITE = 65520;

    private HalfFloat() {}

    /** The number that {@code half} stands for, exactly. */
    public static float toFloat(short half) {
        int sign = (half & 0x8000) << 16;
        int exponent = (half >> 10) & 0x1f;
        int fraction = half & 0x3ff;
        if (exponent == 0) {
            float magnitude = fraction * SMALLEST_SUBNORMAL;
            return sign == 0 ? magnitude : -magnitude;
        }
        int wide = exponent == 0x1f ? 0xff : exponent + EXPONENT_GAP;
        return Float.intBitsToFloat(sign | wide << 23 | fraction << 13);
    }

    /** The half nearest to {@code value}; of two equally near the even one. What is too large becomes infinite. */
    public static short fromFloat(float value) {
        int bits = Float.floatToIntBits(value);
        int sign = bits >>> 16 & 0x8000;
        float magnitude = Math.abs(value);
        if (Float.isNaN(value)) {
            return (short) (sign | 0x7e00);
        }
        if (magnitude < SMALLEST_NORMAL) {
            return (short) (sign | (int) Math.rint(magnitude / SMALLEST_SUBNORMAL));
        }
        if (magnitude >= FIRST_INFINITE) {
            return (short) (sign | 0x7c00);
        }
        int rounded = (bits & 0x7fffffff) + 0xfff + (bits >>> 13 & 1);
        return (short) (sign | (rounded >>> 13) - (EXPONENT_GAP << 10));
    }

    /** The nearest number of the upper half of a single's bits; of two equally near the even one. */
    public static short brainFromFloat(float value) {
        int bits = Float.floatToIntBits(value);
        return (short) (Float.isNaN(value) ? 0x7fc0 : (bits + 0x7fff + (bits >>> 16 & 1)) >>> 16);
    }

    /** The number that {@code brain} stands for, exactly. */
    public static float brainToFloat(short brain) {
        return Float.intBitsToFloat(brain << 16);
    }
}
