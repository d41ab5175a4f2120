// SPDX-License-Identifier: Apache-2.0
package dev.sluice.architecture.planted.micrometer.serving;

import io.micrometer.core.instrument.MeterRegistry;

public record S(MeterRegistry registry) {}
