// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.trees;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Optional;
import java.util.SplittableRandom;

/**
 * Whether the Java scorer answers what the library does, tried on rows made for this model: its own split points and their neighbours,
 * zeros, missing and far-away numbers.
 *
 * <p><b>Threads:</b> confined to the thread that loads a model.
 */
final class ScorerCheck {
    /** Rows to compare; each meets many of the model's split points. */
    static final int ROWS = 64;

    /** As large as an exponential may differ by in its last bits, and not larger than a client would accept. */
    private static final double TOLERANCE = 1e-5;

    private static final long SEED = 20261121;
    private static final double[] FAR = {1e30, -1e30, 1e-36, -1e-36, 16_777_217, -0.0};

    private final ModelFile model;
    private final int elementBytes;

    ScorerCheck(ModelFile model) {
        this.model = model;
        this.elementBytes = model.library().type().elementBytes();
    }

    /** What differs first, or nothing. */
    Optional<String> difference(Scorer ours, Scorer theirs) {
        if (ours.width() != theirs.width()) {
            return Optional.of(ours.width() + " predictions per row, not " + theirs.width());
        }
        int width = theirs.width();
        ByteBuffer mine = buffer(width);
        ByteBuffer library = buffer(width);
        ByteBuffer row = buffer(model.features());
        SplittableRandom random = new SplittableRandom(SEED);
        for (int i = 0; i < ROWS; i++) {
            fill(row, i, random);
            ours.score(row.duplicate().order(ByteOrder.LITTLE_ENDIAN), 1, mine);
            theirs.score(row.duplicate().order(ByteOrder.LITTLE_ENDIAN), 1, library);
            for (int j = 0; j < width; j++) {
                if (!isClose(get(mine, j), get(library, j))) {
                    return Optional.of(get(mine, j) + " in row " + i + ", not " + get(library, j));
                }
            }
        }
        return Optional.empty();
    }

    private ByteBuffer buffer(int count) {
        return ByteBuffer.allocate(Math.multiplyExact(count, elementBytes)).order(ByteOrder.LITTLE_ENDIAN);
    }

    private static boolean isClose(double ours, double theirs) {
        return Double.compare(ours, theirs) == 0 || Math.abs(ours - theirs) <= TOLERANCE * Math.abs(theirs);
    }

    /** The first row is all missing, the second all zero. */
    private void fill(ByteBuffer row, int number, SplittableRandom random) {
        for (int i = 0; i < model.features(); i++) {
            put(row, i, number == 0 ? Double.NaN : number == 1 ? 0 : anything(random));
        }
        SplitPoints splits = model.splits();
        for (int i = 0; number > 1 && splits.size() > 0 && i < model.features() + 8; i++) {
            int point = random.nextInt(splits.size());
            put(row, splits.feature(point), near(splits.value(point), random));
        }
        if (number > 1) {
            put(row, random.nextInt(model.features()), Double.NaN);
        }
    }

    private static double anything(SplittableRandom random) {
        return switch (random.nextInt(8)) {
            case 0 -> Double.NaN;
            case 1 -> 0;
            case 2 -> FAR[random.nextInt(FAR.length)];
            case 3 -> random.nextInt(100);
            default -> (random.nextDouble() - 0.5) * Math.pow(10, random.nextInt(6) - 2);
        };
    }

    private double near(double value, SplittableRandom random) {
        boolean single = elementBytes == Float.BYTES;
        return switch (random.nextInt(4)) {
            case 0 -> single ? Math.nextUp((float) value) : Math.nextUp(value);
            case 1 -> single ? Math.nextDown((float) value) : Math.nextDown(value);
            default -> value;
        };
    }

    private void put(ByteBuffer row, int index, double value) {
        // The library refuses infinite numbers in rows, and a split point may be one.
        double finite = Double.isInfinite(value) ? 0 : value;
        if (elementBytes == Float.BYTES) {
            float narrow = (float) finite;
            row.putFloat(index * Float.BYTES, Float.isInfinite(narrow) ? 0 : narrow);
        } else {
            row.putDouble(index * Double.BYTES, finite);
        }
    }

    private double get(ByteBuffer numbers, int index) {
        return elementBytes == Float.BYTES
                ? numbers.getFloat(index * Float.BYTES)
                : numbers.getDouble(index * Double.BYTES);
    }
}
