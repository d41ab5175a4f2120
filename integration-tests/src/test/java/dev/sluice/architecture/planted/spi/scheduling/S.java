// SPDX-License-Identifier: Apache-2.0
package dev.sluice.architecture.planted.spi.scheduling;

public record S() {}
