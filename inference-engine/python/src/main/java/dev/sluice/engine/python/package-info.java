// SPDX-License-Identifier: Apache-2.0
/**
 * Python handlers, each in a worker process of its own: how the process is started and watched over, and what is said to it.
 *
 * <p><b>Start here:</b> the model loader; the other side of the conversation is in {@code src/main/python}.
 *
 * <p><b>Threads:</b> an instance talks to its worker on the thread that calls it, and waits for it there.
 *
 * <p><b>May not import:</b> protocols, other engines, or the server.
 */
@NullMarked
package dev.sluice.engine.python;

import org.jspecify.annotations.NullMarked;
