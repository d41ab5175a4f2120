// SPDX-License-Identifier: Apache-2.0
package dev.sluice.architecture.planted.cycle.b;

import dev.sluice.architecture.planted.cycle.a.A;

public record B(A a) {}
