// SPDX-License-Identifier: Apache-2.0
/**
 * Python handlers, each in a worker process of its own: how the process is started and watched over, and what is said to it.
 *
 * <p><b>Start here:</b> {@link dev.sluice.engine.python.PythonModelLoader} for who makes what;
 * {@link dev.sluice.engine.python.WorkerStarter} for how a worker comes to be and {@link dev.sluice.engine.python.WorkerProcess} for how it
 * ends; {@link dev.sluice.engine.python.PythonInstance} for a call, {@link dev.sluice.engine.python.FrameWriter} and
 * {@link dev.sluice.engine.python.ReplyReader} for its bytes. The other side of the conversation is in {@code src/main/python}.
 *
 * <p><b>Threads:</b> an instance talks to its worker on the thread that calls it, and waits for it there; an
 * {@link dev.sluice.engine.python.AsyncInstance} has a thread for answers. Two threads per worker take what it prints. One timer for all
 * workers ends what takes too long, and never waits.
 *
 * <p><b>May not import:</b> protocols, other engines, or the server.
 */
@NullMarked
package dev.sluice.engine.python;

import org.jspecify.annotations.NullMarked;
