// SPDX-License-Identifier: Apache-2.0
package dev.sluice.scheduling;

import java.util.List;

/** What a free instance is to do. */
sealed interface Formation {
    /**
     * Run these, which it has claimed; one or more.
     *
     * @param rows of all of them
     * @param engineRows with the padding
     */
    record Formed(List<PendingRequest> members, int rows, int engineRows, CloseReason reason) implements Formation {
        int paddingRows() {
            return engineRows - rows;
        }
    }

    /**
     * Sleep until woken, and come again.
     *
     * @param untilNanos come then at the latest; {@link TimerWheel#NEVER} for no latest
     */
    record Sleep(long untilNanos) implements Formation {}
}
