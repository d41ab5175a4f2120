// SPDX-License-Identifier: Apache-2.0
/**
 * The core's front door: the data plane ({@link dev.sluice.serving.InferenceService}), the control plane
 * ({@link dev.sluice.serving.ModelAdmin}) and what they tell the world ({@link dev.sluice.serving.ServingObserver}).
 *
 * <p><b>Start here:</b> {@link dev.sluice.serving.InferenceService#infer} shows on one screen how a request is admitted and
 * queued. Models made of calls of other models begin at {@link dev.sluice.serving.CompositeLoader}.
 *
 * <p>Which models are wanted is {@link dev.sluice.serving.DesiredModels}; changes of them are written down by a {@link
 * dev.sluice.serving.ModelJournal} before they are made.
 *
 * <p><b>Threads:</b> everything is safe from any thread and returns at once; slow work runs on the load pool.
 *
 * <p><b>May not import:</b> anything that knows sockets or a metrics library.
 */
@NullMarked
package dev.sluice.serving;

import org.jspecify.annotations.NullMarked;
