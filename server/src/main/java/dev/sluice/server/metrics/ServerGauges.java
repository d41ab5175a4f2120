// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.metrics;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.function.BooleanSupplier;
import java.util.function.IntSupplier;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * The server as a whole: {@code sluice_ready}, {@code sluice_draining}, {@code sluice_connections} and
 * {@code sluice_log_lines_dropped_total}. All are read from where the facts are, when somebody scrapes.
 *
 * @param isReady whether requests should be sent here
 * @param isDraining whether it was told to stop
 * @param connections now open
 * @param droppedLines of the log
 */
public record ServerGauges(
        BooleanSupplier isReady, BooleanSupplier isDraining, IntSupplier connections, LongSupplier droppedLines) {
    void bind(MeterRegistry registry) {
        gauge(registry, "sluice.ready", "Whether requests should be sent here.", () -> asNumber(isReady));
        gauge(registry, "sluice.draining", "Whether it was told to stop.", () -> asNumber(isDraining));
        gauge(registry, "sluice.connections", "Connections over HTTP that are open.", connections::getAsInt);
        Meter unused = FunctionCounter.builder("sluice.log.lines.dropped", droppedLines, LongSupplier::getAsLong)
                .description("Lines of the log that were not written since a disk was too slow.")
                .register(registry);
    }

    private static int asNumber(BooleanSupplier question) {
        return question.getAsBoolean() ? 1 : 0;
    }

    private static void gauge(MeterRegistry registry, String name, String description, Supplier<Number> value) {
        Meter unused = Gauge.builder(name, value)
                .description(description)
                .strongReference(true)
                .register(registry);
    }
}
