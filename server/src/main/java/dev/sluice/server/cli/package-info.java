// SPDX-License-Identifier: Apache-2.0
/**
 * The command line: one class per verb, and the client that the verbs for a running server share.
 *
 * <p><b>Start here:</b> {@link dev.sluice.server.cli.SluiceCli} lists the verbs and says what each exit code means.
 *
 * <p><b>Threads:</b> a command runs on the main thread, which waits here while the server serves. Fields of commands are
 * written by the argument parser, before the command is called, on that same thread.
 *
 * <p><b>May not import:</b> what a server is made of: starting one is behind {@link dev.sluice.server.cli.ServerLauncher}.
 */
@NullMarked
package dev.sluice.server.cli;

import org.jspecify.annotations.NullMarked;
