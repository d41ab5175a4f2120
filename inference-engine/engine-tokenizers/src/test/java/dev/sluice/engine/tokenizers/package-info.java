// SPDX-License-Identifier: Apache-2.0
@NullMarked
package dev.sluice.engine.tokenizers;

import org.jspecify.annotations.NullMarked;
