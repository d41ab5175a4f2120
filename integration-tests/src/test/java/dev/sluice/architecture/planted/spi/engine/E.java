// SPDX-License-Identifier: Apache-2.0
package dev.sluice.architecture.planted.spi.engine;

import dev.sluice.architecture.planted.spi.scheduling.S;

public interface E {
    S scheduler();
}
