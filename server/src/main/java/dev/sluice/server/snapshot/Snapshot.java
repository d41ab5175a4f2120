// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.snapshot;

import dev.sluice.serving.DesiredModels;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * What one snapshot says.
 *
 * @param settings of the server that wrote it, by key, without secrets and without the models; immutable
 * @param models that are wanted
 * @param listed the locations of {@code load_models} that have become models, which the snapshot decides about from then on
 * @param inline fingerprint of the {@code model_snapshot} in that server's configuration, if there was one
 */
public record Snapshot(
        Map<String, String> settings, DesiredModels models, Set<String> listed, Optional<String> inline) {
    public Snapshot {
        settings = Map.copyOf(new TreeMap<>(settings));
        listed = Set.copyOf(new TreeSet<>(listed));
    }
}
