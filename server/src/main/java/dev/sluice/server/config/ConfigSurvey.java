// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.config;

import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * All that the sources say: for each key who wins and who loses to whom.
 *
 * @param trails by key, for the keys somebody mentions
 * @param warnings what is to be told, one line each
 * @param problems why this cannot be used, one line each
 */
public record ConfigSurvey(Map<ConfigKey, Trail> trails, List<String> warnings, List<String> problems) {
    public ConfigSurvey {
        trails = Collections.unmodifiableMap(new EnumMap<>(trails));
        warnings = List.copyOf(warnings);
        problems = List.copyOf(problems);
    }

    /**
     * What was said of one key.
     *
     * @param winner nobody if all that was said does not count
     * @param losers the strongest first
     */
    public record Trail(Optional<Setting> winner, List<Loser> losers) {
        public Trail {
            losers = List.copyOf(losers);
        }
    }

    /** A value that does not count, and why. */
    public record Loser(Setting setting, String why) {}

    /** The winners. */
    public ConfigValues values() {
        Map<ConfigKey, Setting> winners = new EnumMap<>(ConfigKey.class);
        trails.forEach((key, trail) -> trail.winner().ifPresent(setting -> winners.put(key, setting)));
        return new ConfigValues(winners);
    }

    /** Of whatever cannot be used, one refusal. */
    static ServingException refusal(List<String> problems) {
        return new ServingException(ErrorCode.INVALID_INPUT, String.join(System.lineSeparator(), problems));
    }
}
