// SPDX-License-Identifier: Apache-2.0
/** Breaks one rule on purpose; see {@link dev.sluice.architecture.HouseRules}. */
@NullMarked
package dev.sluice.architecture.planted.installing.server.enginepack.install;

import org.jspecify.annotations.NullMarked;
