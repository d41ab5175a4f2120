// SPDX-License-Identifier: Apache-2.0
package dev.sluice.scheduling;

/** Fill of a queue, in requests; running ones do not count. */
public record QueueStatus(int waiting, int capacity) {
    public int remaining() {
        return capacity - waiting;
    }
}
