// SPDX-License-Identifier: Apache-2.0
/**
 * Where lines of the log go and how they look: the original's five files, the console, text or JSON.
 *
 * <p><b>Start here:</b> {@link dev.sluice.server.logging.LogSetup}; {@code docs/operations/logging.md} is for operators.
 *
 * <p><b>Threads:</b> lines come from every thread; those that come by the thousand (requests, metrics) are written by a thread
 * of their own, so that no event loop waits for a disk.
 *
 * <p><b>May not import:</b> anything of the server but its configuration. This is the only package that knows Logback.
 */
@NullMarked
package dev.sluice.server.logging;

import org.jspecify.annotations.NullMarked;
