// SPDX-License-Identifier: Apache-2.0
/**
 * The command {@code torchserve} of the original: starts a server in the background or in the foreground, and stops it.
 *
 * <p><b>Start here:</b> {@link dev.sluice.server.cli.torchserve.TorchServeCommand}.
 *
 * <p><b>Threads:</b> one; in the foreground a shutdown hook passes a signal on to the server.
 *
 * <p><b>May not import:</b> anything that serves. The server is another process.
 */
@NullMarked
package dev.sluice.server.cli.torchserve;

import org.jspecify.annotations.NullMarked;
