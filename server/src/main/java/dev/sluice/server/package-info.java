// SPDX-License-Identifier: Apache-2.0
/**
 * The process: where all parts of the server are made and handed to each other, started, and stopped.
 *
 * <p><b>Start here:</b> {@link dev.sluice.server.ServerApp} reads top to bottom; {@link dev.sluice.server.Main} is what the
 * launcher runs.
 *
 * <p><b>Threads:</b> starting runs on the main thread, stopping on the hook the JVM runs at a signal.
 *
 * <p><b>May not import:</b> anything is allowed here; nobody may import this package.
 */
@NullMarked
package dev.sluice.server;

import org.jspecify.annotations.NullMarked;
