// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.enginepack;

import java.util.List;

/**
 * One pack, for those who look at all of them.
 *
 * @param bytes what it takes on disk; what filling it downloads, if it is not installed
 * @param reason why it is broken, and what to do; empty if it is not
 */
public record PackStatus(
        String id,
        String title,
        String version,
        String licence,
        List<String> formats,
        long bytes,
        State state,
        String reason) {
    /** What can be done with it. */
    public enum State {
        READY,
        NOT_INSTALLED,
        BROKEN
    }

    public PackStatus {
        formats = List.copyOf(formats);
    }
}
