// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.python;

import dev.sluice.model.ModelId;

/**
 * Takes what workers print, line by line. Nothing in it controls anything.
 *
 * <p><b>Threads:</b> called by two threads of each worker, those of many workers at the same time; one that takes long holds up the
 * worker that printed the line, and nobody else.
 */
@FunctionalInterface
public interface WorkerLines {
    /**
     * One line, without its end.
     *
     * @param worker its name in logs, {@code W-9000-noop_1.0}
     * @param isError whether it was printed to the worker's standard error
     * @param line bounded in length; bytes that are no UTF-8 have been replaced
     */
    void line(ModelId model, String worker, boolean isError, String line);
}
