// SPDX-License-Identifier: Apache-2.0
package dev.sluice.architecture.planted.bottom.tensor;

public record T() {}
