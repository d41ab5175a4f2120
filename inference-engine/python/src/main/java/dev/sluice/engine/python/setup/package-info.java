// SPDX-License-Identifier: Apache-2.0
/**
 * What a Python worker is given before it starts: an interpreter with the model's own packages, its variables, and its limits.
 *
 * <p><b>Start here:</b> {@link dev.sluice.engine.python.setup.PythonEnvironments} prepares a model,
 * {@link dev.sluice.engine.python.setup.WorkerVariables} and {@link dev.sluice.engine.python.setup.WorkerGroups} one worker.
 *
 * <p><b>Threads:</b> all safe from any thread; preparing a model runs programs and waits for them, so it belongs on load threads.
 *
 * <p><b>May not import:</b> what talks to workers, protocols, or the server.
 */
@NullMarked
package dev.sluice.engine.python.setup;

import org.jspecify.annotations.NullMarked;
