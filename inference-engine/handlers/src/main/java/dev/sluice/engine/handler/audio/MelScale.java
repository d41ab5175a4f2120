// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler.audio;

/** How loudness is written: as the power it is, as its natural logarithm, or in decibels. */
public enum MelScale {
    POWER,
    LOG,
    DECIBEL;

    private static final double SMALLEST = 1e-10;

    /** Silence is taken for a power of 1e-10 where a logarithm would be endless. */
    float of(double power) {
        return (float)
                switch (this) {
                    case POWER -> power;
                    case LOG -> Math.log(Math.max(SMALLEST, power));
                    case DECIBEL -> 10 * Math.log10(Math.max(SMALLEST, power));
                };
    }
}
