// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.trees;

import java.nio.ByteBuffer;

/**
 * Maps rows of features to predictions.
 *
 * <p><b>Threads:</b> safe from any thread.
 *
 * <p><b>Ownership:</b> closing frees native memory, where there is some; no call may run then.
 */
interface Scorer extends AutoCloseable {
    /**
     * Predictions of {@code rows} rows, which lie one behind the other from position 0, in the model's own type of number.
     *
     * @param features direct or not, at any address, in the order of bytes it says it has; only read
     * @param predictions little-endian, as large as needed; written from position 0
     * @throws dev.sluice.inference.ServingException if a native library refuses the numbers
     */
    void score(ByteBuffer features, int rows, ByteBuffer predictions);

    /** Predictions per row. */
    int width();

    /** Whether it calls no native library. */
    boolean isJava();

    @Override
    void close();
}
