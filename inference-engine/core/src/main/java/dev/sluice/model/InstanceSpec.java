// SPDX-License-Identifier: Apache-2.0
package dev.sluice.model;

/** How many instances of a model version run side by side: {@code min} are kept, more than {@code max} are removed. */
public record InstanceSpec(int min, int max) {
    public InstanceSpec {
        if (min < 0) {
            throw new IllegalArgumentException("minWorkers: " + min + " (expected: 0 or more)");
        }
        if (max < min) {
            throw new IllegalArgumentException("maxWorkers: " + max + " (expected: " + min + " or more)");
        }
    }

    /** The number to run when {@code current} run now. */
    public int target(int current) {
        return Math.max(min, Math.min(current, max));
    }
}
