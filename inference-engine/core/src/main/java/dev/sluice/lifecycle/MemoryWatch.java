// SPDX-License-Identifier: Apache-2.0
package dev.sluice.lifecycle;

import dev.sluice.lifecycle.LifecycleObserver.Moment;
import dev.sluice.model.ModelId;
import java.util.OptionalLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Measures the memory of the process around loads and unloads, and tells an observer. What fails here is logged and fails no
 * load.
 *
 * <p><b>Threads:</b> called on load threads.
 */
public record MemoryWatch(MemoryProbe probe, LifecycleObserver observer) {
    private static final Logger LOG = LoggerFactory.getLogger(MemoryWatch.class);
    private static final MemoryProbe BLIND = new MemoryProbe() {
        @Override
        public OptionalLong residentBytes() {
            return OptionalLong.empty();
        }

        @Override
        public void trim() {}
    };

    /** Measures nothing. */
    public static final MemoryWatch NONE = new MemoryWatch(BLIND, new LifecycleObserver() {});

    void loaded(ModelId model, boolean hasWorked, long nanos) {
        try {
            observer.loaded(model, hasWorked, nanos);
        } catch (RuntimeException | Error e) {
            LOG.error("The observer failed on model {}", model, e);
        }
    }

    /** The bytes now, told to the observer; empty where they cannot be known. */
    OptionalLong measure(ModelId model, Moment moment) {
        try {
            OptionalLong bytes = probe.residentBytes();
            bytes.ifPresent(known -> observer.memoryMeasured(model, moment, known));
            return bytes;
        } catch (RuntimeException | Error e) {
            LOG.warn("The memory of model {} could not be measured", model, e);
            return OptionalLong.empty();
        }
    }

    /** As {@link #measure}, after what was freed has been given back. */
    OptionalLong measureTrimmed(ModelId model, Moment moment) {
        try {
            probe.trim();
        } catch (RuntimeException | Error e) {
            LOG.warn("Freed memory could not be given back to the system", e);
        }
        return measure(model, moment);
    }

    /** {@code bytes} for the log. */
    static String words(OptionalLong bytes) {
        return bytes.isPresent() ? bytes.getAsLong() + " bytes" : "an unknown number of bytes";
    }
}
