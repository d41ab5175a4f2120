// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.config;

import dev.sluice.server.yaml.NearestName;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The settings among the process's variables: {@code SLUICE_<KEY>}; those that always count in the original; and the rest of
 * the original's, which count if a setting says so.
 *
 * <p>Source: torchserve.md section 5.1.
 */
final class Variables {
    private static final String OURS = "SLUICE_";

    /** What the launcher scripts read. */
    private static final Set<String> OF_SCRIPTS = Set.of("SLUICE_JAVA_OPTS", "SLUICE_MAIN", "SLUICE_DEMO_DIR");

    /** The only value of this variable that means something; and it always does. */
    private static final String OPEN_INFERENCE = "oip";

    private final Map<String, String> environment;

    Variables(Map<String, String> environment) {
        this.environment = environment;
    }

    List<Setting> ours() {
        return Stream.of(ConfigKey.values())
                .flatMap(key -> setting(key, OURS + key.name()).stream())
                .toList();
    }

    /** Those of the original that need no leave. */
    List<Setting> always() {
        List<Setting> settings = new ArrayList<>();
        setting(ConfigKey.LOG_LOCATION, "LOG_LOCATION").ifPresent(settings::add);
        setting(ConfigKey.METRICS_LOCATION, "METRICS_LOCATION").ifPresent(settings::add);
        openInference()
                .filter(setting -> setting.value().equals(OPEN_INFERENCE))
                .map(setting -> new Setting(setting.key(), "true", setting.origin()))
                .ifPresent(settings::add);
        return settings;
    }

    /** The variable that switches the original's protocol on, whatever it holds. */
    Optional<Setting> openInference() {
        return setting(ConfigKey.TS_OPEN_INFERENCE_PROTOCOL, "TS_OPEN_INFERENCE_PROTOCOL");
    }

    /** The rest of the original's. */
    List<Setting> originals() {
        return Stream.of(ConfigKey.values())
                .filter(key -> key != ConfigKey.TS_OPEN_INFERENCE_PROTOCOL)
                .flatMap(key -> key.originalVariable().flatMap(name -> setting(key, name)).stream())
                .toList();
    }

    /** Variables that look like settings of ours and are none, one line each. */
    List<String> misspelt() {
        Set<String> names =
                Stream.of(ConfigKey.values()).map(key -> OURS + key.name()).collect(Collectors.toSet());
        return environment.keySet().stream()
                .filter(name -> name.startsWith(OURS) && !names.contains(name) && !OF_SCRIPTS.contains(name))
                .sorted()
                .flatMap(name -> NearestName.among(names, name).stream()
                        .map(nearest ->
                                "variable " + name + ": no such setting, ignored (did you mean " + nearest + "?)"))
                .toList();
    }

    private Optional<Setting> setting(ConfigKey key, String name) {
        return Optional.ofNullable(environment.get(name)).map(value -> new Setting(key, value, "variable " + name));
    }
}
