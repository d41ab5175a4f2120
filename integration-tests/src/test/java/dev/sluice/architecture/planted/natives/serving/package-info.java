// SPDX-License-Identifier: Apache-2.0
/** Breaks one rule on purpose; see {@link dev.sluice.architecture.HouseRules}. */
@NullMarked
package dev.sluice.architecture.planted.natives.serving;

import org.jspecify.annotations.NullMarked;
