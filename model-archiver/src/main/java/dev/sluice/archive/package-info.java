// SPDX-License-Identifier: Apache-2.0
/**
 * The TorchServe model archive format: packing, reading, extracting and checking archives and unpacked model directories.
 *
 * <p><b>Start here:</b> {@link dev.sluice.archive.ArchiveReader} to read, {@link dev.sluice.archive.ModelPackager} to
 * make; {@link dev.sluice.archive.EntryLedger} is the one place that decides what a hostile archive may not do.
 *
 * <p><b>Threads:</b> records are immutable; readers and packagers hold no changing state and are safe from any thread; the
 * ledger belongs to the one call that made it.
 *
 * <p><b>May not import:</b> any other module of Sluice, nor {@code archive.cli}. Nothing here reads the environment, the
 * clock or a system property.
 */
@NullMarked
package dev.sluice.archive;

import org.jspecify.annotations.NullMarked;
