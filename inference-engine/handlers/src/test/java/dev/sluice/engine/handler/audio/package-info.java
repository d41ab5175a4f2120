// SPDX-License-Identifier: Apache-2.0
@NullMarked
package dev.sluice.engine.handler.audio;

import org.jspecify.annotations.NullMarked;
