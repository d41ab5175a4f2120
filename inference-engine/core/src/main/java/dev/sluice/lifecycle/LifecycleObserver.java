// SPDX-License-Identifier: Apache-2.0
package dev.sluice.lifecycle;

import dev.sluice.model.ModelId;

/**
 * Hears what became of versions, for metrics.
 *
 * <p><b>Threads:</b> called on load threads; must not throw.
 */
public interface LifecycleObserver {
    /** When memory is measured. */
    enum Moment {
        BEFORE_LOAD,
        AFTER_LOAD,
        BEFORE_UNLOAD,
        AFTER_UNLOAD
    }

    /**
     * Loading a version took {@code nanos} until its instances ran, or until it failed.
     *
     * @param hasWorked whether they run
     */
    default void loaded(ModelId model, boolean hasWorked, long nanos) {}

    /**
     * The process had {@code residentBytes} of physical memory at that moment. What a version itself takes is the difference of
     * two moments only while nothing else comes or goes.
     */
    default void memoryMeasured(ModelId model, Moment moment, long residentBytes) {}
}
