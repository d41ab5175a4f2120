// SPDX-License-Identifier: Apache-2.0
/**
 * Documentation that is made from what the code says of itself, and the tests that it is up to date.
 *
 * <p><b>Start here:</b> {@link dev.sluice.documentation.EnginesDocIT}.
 */
@NullMarked
package dev.sluice.documentation;

import org.jspecify.annotations.NullMarked;
