// SPDX-License-Identifier: Apache-2.0
package dev.sluice.lifecycle;

import java.util.Map;

/**
 * How a model that comes from a source is served.
 *
 * @param versions which of the versions that are there
 * @param transitions how to get from one set of versions to the next
 * @param labels from label to version; each is given once its version is ready, and stays where it was until then
 * @param retry what to do about versions that cannot be loaded
 */
public record ServingRules(
        VersionPolicy versions, TransitionPolicy transitions, Map<String, String> labels, LoadRetry retry) {
    /** The highest version, the new one loaded before the old one is unloaded, as TF Serving does by default. */
    public static final ServingRules DEFAULT = new ServingRules(
            new VersionPolicy.Latest(1), TransitionPolicy.AVAILABILITY_PRESERVING, Map.of(), LoadRetry.DEFAULT);

    public ServingRules {
        labels = Map.copyOf(labels);
    }
}
