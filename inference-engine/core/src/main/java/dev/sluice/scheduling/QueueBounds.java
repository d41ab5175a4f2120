// SPDX-License-Identifier: Apache-2.0
package dev.sluice.scheduling;

/** Most that may wait in one queue: requests, rows and bytes of input. A bound of rows is never below one full batch. */
record QueueBounds(int requests, long rows, long bytes) {
    /** {@code requests} full batches, and as many bytes as that is. */
    static QueueBounds ofRequests(int requests, int rowsPerBatch, long bytes) {
        return new QueueBounds(requests, (long) requests * rowsPerBatch, bytes);
    }
}
