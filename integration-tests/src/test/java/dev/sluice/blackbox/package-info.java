// SPDX-License-Identifier: Apache-2.0
/**
 * Tests that know the server only by its command line and its wire: each starts the built distribution as a process, with its
 * own store and free ports.
 *
 * <p><b>Start here:</b> {@link dev.sluice.blackbox.SluiceServer}.
 */
@NullMarked
package dev.sluice.blackbox;

import org.jspecify.annotations.NullMarked;
