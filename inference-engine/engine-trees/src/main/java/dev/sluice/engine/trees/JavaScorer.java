// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.trees;

/** A scorer without native memory: there is nothing to close. */
abstract class JavaScorer implements Scorer {
    @Override
    public final boolean isJava() {
        return true;
    }

    @Override
    public final void close() {}
}
