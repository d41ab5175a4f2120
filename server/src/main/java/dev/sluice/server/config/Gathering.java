// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.config;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Puts sources on top of each other, the weakest first, and remembers what lies beneath.
 *
 * <p><b>Threads:</b> belongs to the thread that reads the sources, which alone writes it.
 */
final class Gathering {
    private final Map<ConfigKey, Setting> winners = new EnumMap<>(ConfigKey.class);
    private final Map<ConfigKey, List<ConfigSurvey.Loser>> losers = new EnumMap<>(ConfigKey.class);

    /** {@code settings} go before all that was put in so far. */
    void put(List<Setting> settings) {
        for (Setting setting : settings) {
            Setting beaten = winners.put(setting.key(), setting);
            if (beaten != null) {
                lost(beaten, setting.origin() + " goes before it");
            }
        }
    }

    /** A value that does not count whatever others say. */
    void lost(Setting setting, String why) {
        losers.computeIfAbsent(setting.key(), key -> new ArrayList<>()).add(0, new ConfigSurvey.Loser(setting, why));
    }

    boolean isGiven(ConfigKey key) {
        return winners.containsKey(key);
    }

    ConfigValues values() {
        return new ConfigValues(winners);
    }

    Map<ConfigKey, ConfigSurvey.Trail> trails() {
        Map<ConfigKey, ConfigSurvey.Trail> trails = new EnumMap<>(ConfigKey.class);
        for (ConfigKey key : ConfigKey.values()) {
            List<ConfigSurvey.Loser> beaten = losers.getOrDefault(key, List.of());
            if (winners.containsKey(key) || !beaten.isEmpty()) {
                trails.put(key, new ConfigSurvey.Trail(Optional.ofNullable(winners.get(key)), beaten));
            }
        }
        return trails;
    }
}
