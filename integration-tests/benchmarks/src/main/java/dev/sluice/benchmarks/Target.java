// SPDX-License-Identifier: Apache-2.0
package dev.sluice.benchmarks;

import java.util.function.Consumer;

/** What is put under load. */
@FunctionalInterface
public interface Target {
    /**
     * Sends one request.
     *
     * <p><b>Threads:</b> called by the sender, who should not be kept waiting: an open loop has other requests to send.
     *
     * @param ended to be told once, on any thread, also before this returns
     */
    void send(Consumer<Ending> ended);
}
