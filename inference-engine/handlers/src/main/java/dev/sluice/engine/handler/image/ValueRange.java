// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler.image;

/** Which numbers stand for black and for full colour. */
public enum ValueRange {
    UNIT("0..1"),
    BYTE("0..255"),
    SIGNED("-1..1");

    private final String label;

    ValueRange(String label) {
        this.label = label;
    }

    /** As configuration files write it. */
    public String label() {
        return label;
    }

    /** What a sample of 0..255 is here. */
    float of(int sample) {
        return switch (this) {
            case UNIT -> sample / 255f;
            case BYTE -> sample;
            case SIGNED -> sample / 127.5f - 1;
        };
    }

    /** The sample nearest to {@code value}: what is out of range is clipped, and what is no number is black. */
    public byte sample(double value) {
        double scaled = switch (this) {
            case UNIT -> value * 255;
            case BYTE -> value;
            case SIGNED -> (value + 1) * 127.5;
        };
        return (byte) Math.round(Math.max(0, Math.min(255, scaled)));
    }
}
