// SPDX-License-Identifier: Apache-2.0
/**
 * The checklists of the protocols this server speaks, and which test shows which of their rows.
 *
 * <p><b>Start here:</b> {@link dev.sluice.conformance.Checklist} reads a list; a test says with {@link dev.sluice.conformance.Row} what
 * it shows; {@code dev.sluice.documentation} holds the two together.
 *
 * <p><b>Threads:</b> those of the tests.
 *
 * <p><b>May not import:</b> anything of the server.
 */
@NullMarked
package dev.sluice.conformance;

import org.jspecify.annotations.NullMarked;
