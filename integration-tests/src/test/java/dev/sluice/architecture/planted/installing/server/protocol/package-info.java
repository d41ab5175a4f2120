// SPDX-License-Identifier: Apache-2.0
/** Breaks one rule on purpose; see {@link dev.sluice.architecture.HouseRules}. */
@NullMarked
package dev.sluice.architecture.planted.installing.server.protocol;

import org.jspecify.annotations.NullMarked;
