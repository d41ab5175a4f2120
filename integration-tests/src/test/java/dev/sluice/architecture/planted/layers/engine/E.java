// SPDX-License-Identifier: Apache-2.0
package dev.sluice.architecture.planted.layers.engine;

import dev.sluice.architecture.planted.layers.scheduling.S;

public record E(S s) {}
