// SPDX-License-Identifier: Apache-2.0
package dev.sluice.lifecycle;

import java.util.OptionalLong;

/**
 * Says how much memory the process has, and has it give back what it keeps without need.
 *
 * <p><b>Threads:</b> called on load threads; may take milliseconds.
 */
public interface MemoryProbe {
    /** Bytes of physical memory the process has now, all its models together; empty where that cannot be known. */
    OptionalLong residentBytes();

    /** Has allocators return freed memory to the system, as far as they let themselves be asked. */
    void trim();
}
