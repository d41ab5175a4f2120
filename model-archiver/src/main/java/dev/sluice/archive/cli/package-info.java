// SPDX-License-Identifier: Apache-2.0
/**
 * The command line of the archiver: {@code torch-model-archiver} with the original's flags, and {@code sluice archive}.
 *
 * <p><b>Start here:</b> {@link dev.sluice.archive.cli.ArchiveCommand}, which another command line mounts, and
 * {@link dev.sluice.archive.cli.TorchModelArchiver}, which runs by itself.
 *
 * <p><b>Threads:</b> a command is parsed and run on the one thread that executes it; picocli writes the option fields there
 * before the command's {@code call}.
 *
 * <p><b>May not import:</b> any other module of Sluice. Only {@code TorchModelArchiver.main} touches the process.
 */
@NullMarked
package dev.sluice.archive.cli;

import org.jspecify.annotations.NullMarked;
