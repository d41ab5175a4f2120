// SPDX-License-Identifier: Apache-2.0
/**
 * Keeps the registered models over the end of the process, however that comes: files that say which models are wanted, and what
 * a server starts with that finds some.
 *
 * <p><b>Start here:</b> {@link dev.sluice.server.snapshot.SavedModels}; {@link dev.sluice.server.snapshot.SnapshotFiles} reads
 * and writes the files, {@link dev.sluice.server.snapshot.SnapshotJson} knows what is in them.
 *
 * <p><b>Threads:</b> files are written by one thread of {@link dev.sluice.server.snapshot.SavedModels}'s own.
 *
 * <p><b>May not import:</b> protocols, transports and engines.
 */
@NullMarked
package dev.sluice.server.snapshot;

import org.jspecify.annotations.NullMarked;
