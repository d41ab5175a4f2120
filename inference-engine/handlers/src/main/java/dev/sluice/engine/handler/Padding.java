// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler;

import dev.sluice.model.AllowedSizes;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** What makes a batch as large as the engine wants it: the last row again and again, since it is valid data. */
final class Padding {
    private Padding() {}

    /** {@code rows}, the last of them repeated up to the next allowed size; what comes out for it is to be left alone. */
    static <T> List<T> repeatLast(List<T> rows, AllowedSizes sizes) {
        int size = sizes.holding(rows.size());
        if (size == rows.size()) {
            return rows;
        }
        List<T> padded = new ArrayList<>(rows);
        while (padded.size() < size) {
            padded.add(rows.get(rows.size() - 1));
        }
        return padded;
    }

    /** The numbers of rows to warm up with: each allowed size, else one row and {@code most}. */
    static List<Integer> sizesToWarm(AllowedSizes sizes, int most) {
        return sizes.isAny() ? Stream.of(1, most).distinct().toList() : sizes.sizes();
    }
}
