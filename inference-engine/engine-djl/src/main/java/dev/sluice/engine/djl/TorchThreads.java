// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.djl;

import ai.djl.pytorch.jni.JniUtils;

/**
 * What libtorch keeps for each thread that calls it, set where it is not yet what a call wants: how many threads computing may use, and
 * the graph optimizer's switch.
 *
 * <p>libtorch takes the number of threads from the calling thread, and a thread that calls for the first time takes over the one that was
 * set last anywhere. Asking for it makes that first time be over before it is set.
 *
 * <p><b>Threads:</b> safe from any thread.
 */
final class TorchThreads {
    private final ThreadLocal<int[]> width = ThreadLocal.withInitial(() -> {
        // The first call is a third cheaper without, and the second not dearer than the rest (engines.md section 3.2).
        JniUtils.setGraphExecutorOptimize(false);
        return new int[] {JniUtils.getNumThreads()};
    });

    /** Readies this thread for a call that may use {@code threads}. */
    void prepare(int threads) {
        int[] now = width.get();
        if (now[0] != threads) {
            JniUtils.setNumThreads(threads);
            now[0] = threads;
        }
    }
}
