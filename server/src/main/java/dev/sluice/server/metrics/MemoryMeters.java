// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.metrics;

import dev.sluice.tensor.CopyReason;
import dev.sluice.tensor.MemoryBudget;
import dev.sluice.tensor.MemoryLedger;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.Locale;
import java.util.function.LongSupplier;

/**
 * Memory: {@code sluice_bytes_reserved}, {@code sluice_bytes_budget}, {@code sluice_direct_memory_used},
 * {@code sluice_copies_total} and {@code sluice_buffer_leak_total}. All are read from where the facts are, when somebody
 * scrapes.
 *
 * <p>Source: batching-and-scheduling.md section 20.
 */
final class MemoryMeters {
    private MemoryMeters() {}

    static void bind(MeterRegistry registry, MemoryBudget budget, MemoryLedger ledger, LongSupplier usedDirectMemory) {
        gauge(registry, "sluice.bytes.reserved", "Bytes that requests and answers hold.", budget::reserved);
        gauge(registry, "sluice.bytes.budget", "Bytes that requests and answers may hold.", budget::limit);
        gauge(
                registry,
                "sluice.direct.memory.used",
                "Bytes of direct memory taken from the system for buffers.",
                usedDirectMemory);
        for (CopyReason reason : CopyReason.values()) {
            Meter unused = FunctionCounter.builder("sluice.copies", ledger, it -> it.copies(reason))
                    .description("Times bytes of a tensor were copied between socket and engine, by why.")
                    .tag("reason", reason.name().toLowerCase(Locale.ROOT))
                    .register(registry);
        }
        Meter unused = FunctionCounter.builder("sluice.buffer.leak", ledger, MemoryLedger::leaks)
                .description("Buffers that were forgotten before their last release; must stay 0.")
                .register(registry);
    }

    private static void gauge(MeterRegistry registry, String name, String description, LongSupplier value) {
        Meter unused = Gauge.builder(name, value, LongSupplier::getAsLong)
                .description(description)
                .strongReference(true)
                .register(registry);
    }
}
