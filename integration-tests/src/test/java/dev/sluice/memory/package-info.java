// SPDX-License-Identifier: Apache-2.0
/**
 * Tests of where bytes lie between a socket and a real engine: the parts of the server put together in this process, so that
 * their counters can be read.
 *
 * <p><b>Start here:</b> {@link dev.sluice.memory.ZeroCopyTest}.
 */
@NullMarked
package dev.sluice.memory;

import org.jspecify.annotations.NullMarked;
