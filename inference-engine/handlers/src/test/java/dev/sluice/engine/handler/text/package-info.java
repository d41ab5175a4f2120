// SPDX-License-Identifier: Apache-2.0
@NullMarked
package dev.sluice.engine.handler.text;

import org.jspecify.annotations.NullMarked;
