// SPDX-License-Identifier: Apache-2.0
/**
 * Fills engine packs from Maven repositories, removes them, and tries them. Only commands that a person types come here:
 * nothing that a client of the server sends leads to a download.
 *
 * <p><b>Start here:</b> {@link dev.sluice.server.enginepack.install.PackInstaller}.
 *
 * <p><b>Threads:</b> one per command; several processes may fill the same directory at once.
 *
 * <p><b>May not import:</b> anything of the server but packs. Nothing but {@code server.cli} may import this.
 */
@NullMarked
package dev.sluice.server.enginepack.install;

import org.jspecify.annotations.NullMarked;
