// SPDX-License-Identifier: Apache-2.0
package dev.sluice.benchmarks;

import dev.sluice.inference.Ticker;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** A way to wait until a point in time. */
@FunctionalInterface
public interface Pause {
    /** Returns at {@code nanos} on the ticker it was made for, or a little later. */
    void until(long nanos);

    /** Leaves the core to others, and comes back some 50 us late. */
    static Pause parking(Ticker ticker) {
        return nanos -> {
            for (long left = nanos - ticker.nanos(); left > 0; left = nanos - ticker.nanos()) {
                LockSupport.parkNanos(left);
            }
        };
    }

    /** Comes back within a microsecond, and burns a core for the last 200 us of each wait. */
    static Pause spinning(Ticker ticker) {
        long margin = TimeUnit.MICROSECONDS.toNanos(200);
        return nanos -> {
            for (long left = nanos - ticker.nanos(); left > 0; left = nanos - ticker.nanos()) {
                if (left > margin) {
                    LockSupport.parkNanos(left - margin);
                } else {
                    Thread.onSpinWait();
                }
            }
        };
    }
}
