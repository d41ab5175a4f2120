// SPDX-License-Identifier: Apache-2.0
package dev.sluice.inference;

/** A monotonic clock in nanoseconds with an arbitrary origin; compare its values by subtraction. Tests bring their own. */
@FunctionalInterface
public interface Ticker {
    long nanos();

    /** The machine's own. */
    static Ticker system() {
        return System::nanoTime;
    }
}
