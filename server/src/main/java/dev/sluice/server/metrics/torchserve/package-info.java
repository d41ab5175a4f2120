// SPDX-License-Identifier: Apache-2.0
/**
 * The original's metrics: its names, its files of definitions, its lines in logs, and its page.
 *
 * <p><b>Start here:</b> {@link dev.sluice.server.metrics.torchserve.OriginalMetrics} holds the values,
 * {@link dev.sluice.server.metrics.torchserve.OriginalFacts} brings those of the server there, and
 * {@link dev.sluice.server.metrics.torchserve.HandlerValues} those of handlers.
 *
 * <p><b>Threads:</b> values change on event loops, carriers and load threads and wait for nobody; the machine is looked at by
 * a thread that may wait.
 *
 * <p><b>May not import:</b> transports or any one protocol, and no library of metrics: its forms are not those of today's.
 */
@NullMarked
package dev.sluice.server.metrics.torchserve;

import org.jspecify.annotations.NullMarked;
