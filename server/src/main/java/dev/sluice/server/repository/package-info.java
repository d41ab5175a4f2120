// SPDX-License-Identifier: Apache-2.0
/**
 * Where models come from: the model store, the archives in it, and the configuration each model carries.
 *
 * <p><b>Start here:</b> {@link dev.sluice.server.repository.ModelStore}; {@code ModelLocator} decides what may be read at
 * all, {@code ModelFinder} which files are models, {@code HandlerChoice} what runs in Python, {@code SpecFactory} who has the last word on each setting.
 *
 * <p><b>Threads:</b> resolving blocks, and is called on the load pool, for several models at a time.
 *
 * <p><b>May not import:</b> protocols, transports or the metrics. Requests are unknown here.
 */
@NullMarked
package dev.sluice.server.repository;

import org.jspecify.annotations.NullMarked;
