// SPDX-License-Identifier: Apache-2.0
/**
 * Finds engines: folders with jars and native libraries, each loaded by a class loader of its own, so that what two engines
 * bring along cannot collide.
 *
 * <p><b>Start here:</b> {@link dev.sluice.server.enginepack.EnginePacks} for servers,
 * {@link dev.sluice.server.enginepack.PackDescriptor} for what a pack is; what all such class loaders see of the server is
 * {@link dev.sluice.server.enginepack.SharedTypesLoader}'s to say.
 *
 * <p><b>Threads:</b> packs are found once, at start-up; engines are opened later, by the catalog.
 *
 * <p><b>May not import:</b> any engine, or the rest of the server.
 */
@NullMarked
package dev.sluice.server.enginepack;

import org.jspecify.annotations.NullMarked;
