// SPDX-License-Identifier: Apache-2.0
package dev.sluice.architecture.planted.bottom.archive;

import dev.sluice.architecture.planted.bottom.tensor.T;

public record A(T t) {}
