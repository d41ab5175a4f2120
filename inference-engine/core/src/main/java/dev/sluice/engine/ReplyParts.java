// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine;

/**
 * Where a {@link ReplyHandler} puts the parts of an answer that is sent as it is made.
 *
 * <p><b>Threads:</b> for the thread that answers.
 */
public interface ReplyParts {
    /**
     * One part; what {@link ReplyHandler#answer} returns is the last. Status and headers count in the first part alone, since they
     * go before everything.
     *
     * <p><b>Ownership:</b> takes {@code part}, always.
     */
    void send(Reply part);

    /** Whether anybody still waits; if not, the handler may end at once with whatever it has. */
    boolean isWanted();
}
