// SPDX-License-Identifier: Apache-2.0
/**
 * What the server counts and measures, under which names, and the page where Prometheus reads it. One class per subject
 * holds its names, units and labels together.
 *
 * <p><b>Start here:</b> {@link dev.sluice.server.metrics.ServerMetrics}, then {@code RequestMeters} for how a subject looks.
 *
 * <p><b>Threads:</b> recording happens on event loops and carriers and waits for nobody; meters are made and removed
 * when somebody reads the page.
 *
 * <p><b>May not import:</b> transports or any one protocol. Bodies of requests are unknown here.
 */
@NullMarked
package dev.sluice.server.metrics;

import org.jspecify.annotations.NullMarked;
