// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.trees;

import java.nio.ByteBuffer;

/** Sums per output of a row, in single precision. */
interface Margins {
    /** Outputs there are. */
    int groups();

    /** The sum for {@code group}, begun at {@code base}, of the row that begins at {@code row}. */
    float margin(ByteBuffer features, int row, int group, float base);
}
