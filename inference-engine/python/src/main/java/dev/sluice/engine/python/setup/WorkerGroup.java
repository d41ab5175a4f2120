// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.python.setup;

import java.util.List;

/**
 * The limits of one worker process, and those it starts itself.
 *
 * <p><b>Threads:</b> safe from any thread. <b>Ownership:</b> closed by whoever opened it, once the worker is dead.
 */
public interface WorkerGroup extends AutoCloseable {
    /** What has to be done before any of the model's code can run: {@code --hide}, {@code --user}. */
    List<String> guardArguments();

    /** What the worker's program has to do itself before it runs the handler: {@code --memory}, {@code --cpus}. */
    List<String> hostingArguments();

    /** Has the limits hold for a process, which was just started. One that has died since is no failure. */
    void join(long pid);

    /** Ends what is left of the worker, and takes its group away. */
    @Override
    void close();
}
