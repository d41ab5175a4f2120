// SPDX-License-Identifier: Apache-2.0
/**
 * Looks at a set-up of another server and says what of it holds here. Changes nothing.
 *
 * <p><b>Start here:</b> {@link dev.sluice.server.migrate.TorchServeSetup}.
 *
 * <p><b>Threads:</b> one.
 *
 * <p><b>May not import:</b> anything that serves.
 */
@NullMarked
package dev.sluice.server.migrate;

import org.jspecify.annotations.NullMarked;
