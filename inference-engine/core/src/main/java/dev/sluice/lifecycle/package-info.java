// SPDX-License-Identifier: Apache-2.0
/**
 * Which versions of which models there are, and how each gets from a wish to ready and away again.
 *
 * <p><b>Start here:</b> {@link dev.sluice.lifecycle.ModelState} draws the states, {@link dev.sluice.lifecycle.ModelLifecycle}
 * moves between them, {@link dev.sluice.lifecycle.ModelRegistry} is where requests find a version. Models that a
 * {@link dev.sluice.lifecycle.ModelSource} tells of are kept as wanted by {@link dev.sluice.lifecycle.Reconciler}.
 *
 * <p><b>Threads:</b> requests acquire handles without a lock, from event loops. Changes run on the load pool, one at a time
 * for each model name, and may block there.
 *
 * <p><b>May not import:</b> {@code serving}. Where versions come from is unknown here.
 */
@NullMarked
package dev.sluice.lifecycle;

import org.jspecify.annotations.NullMarked;
