// SPDX-License-Identifier: Apache-2.0
package dev.sluice.model;

/** Which version of a model a caller wants. */
public sealed interface VersionSelector {
    /** The version operators made the default one. */
    record Default() implements VersionSelector {}

    /** Exactly this one. */
    record Exact(String version) implements VersionSelector {}

    /** The one operators gave this label. */
    record Label(String label) implements VersionSelector {}

    VersionSelector DEFAULT = new Default();
}
