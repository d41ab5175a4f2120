// SPDX-License-Identifier: Apache-2.0
/**
 * The house rules as tests: which package may know which, and what no class may do. Each rule is also run against a small
 * tree below {@code planted}, which breaks exactly that rule, so that a rule that cannot fail is noticed.
 *
 * <p><b>Start here:</b> {@link dev.sluice.architecture.HouseRules}.
 */
@NullMarked
package dev.sluice.architecture;

import org.jspecify.annotations.NullMarked;
