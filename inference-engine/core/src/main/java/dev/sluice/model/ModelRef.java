// SPDX-License-Identifier: Apache-2.0
package dev.sluice.model;

/** What a caller asked for: a model by name and a way to choose among its versions. */
public record ModelRef(String name, VersionSelector selector) {
    /** The default version of {@code name}. */
    public static ModelRef of(String name) {
        return new ModelRef(name, VersionSelector.DEFAULT);
    }

    /** Version {@code version} of {@code name}. */
    public static ModelRef of(String name, String version) {
        return new ModelRef(name, new VersionSelector.Exact(version));
    }

    /** The version of {@code name} that has the label {@code label}. */
    public static ModelRef labelled(String name, String label) {
        return new ModelRef(name, new VersionSelector.Label(label));
    }
}
