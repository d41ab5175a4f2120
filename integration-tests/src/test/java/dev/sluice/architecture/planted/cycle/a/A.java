// SPDX-License-Identifier: Apache-2.0
package dev.sluice.architecture.planted.cycle.a;

import dev.sluice.architecture.planted.cycle.b.B;

public record A(B b) {}
