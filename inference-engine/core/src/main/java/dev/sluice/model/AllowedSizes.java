// SPDX-License-Identifier: Apache-2.0
package dev.sluice.model;

import java.util.List;

/**
 * The numbers of rows an engine may be given, for engines that are compiled for some sizes and slow or unable at others. A batch
 * of another size is padded up to the next one.
 *
 * @param sizes smallest first; empty if any number will do
 */
public record AllowedSizes(List<Integer> sizes) {
    /** Any number of rows. */
    public static final AllowedSizes ANY = new AllowedSizes(List.of());

    public AllowedSizes {
        sizes = List.copyOf(sizes);
        int before = 0;
        for (int size : sizes) {
            if (size <= before) {
                throw new IllegalArgumentException("allowedSizes: " + sizes
                        + " (expected: whole numbers from 1, each larger than the one before)");
            }
            before = size;
        }
    }

    /** Exactly these, smallest first. */
    public static AllowedSizes of(Integer... sizes) {
        return new AllowedSizes(List.of(sizes));
    }

    /** Whether any number of rows will do. */
    public boolean isAny() {
        return sizes.isEmpty();
    }

    /** The largest; {@link Integer#MAX_VALUE} if there is none. */
    public int largest() {
        return isAny() ? Integer.MAX_VALUE : sizes.get(sizes.size() - 1);
    }

    /** What {@code rows} rows are padded to: the smallest size that holds them, or {@code rows} itself if none does. */
    public int holding(int rows) {
        for (int size : sizes) {
            if (size >= rows) {
                return size;
            }
        }
        return rows;
    }

    /** The most rows that need no larger a size than {@code rows}; the smallest size if all are larger. */
    public int within(int rows) {
        int within = isAny() ? rows : sizes.get(0);
        for (int size : sizes) {
            within = size <= rows ? size : within;
        }
        return within;
    }

    /** The smallest size above {@code rows}; {@code rows} itself if there is none. */
    public int after(int rows) {
        return isAny() || rows < largest() ? holding(rows + 1) : rows;
    }
}
