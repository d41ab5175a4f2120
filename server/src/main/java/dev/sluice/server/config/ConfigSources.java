// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.config;

import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.server.yaml.NearestName;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Where settings come from. The first that has a key wins: flags and {@code --set}; the environment ({@code SLUICE_<KEY>},
 * and {@code TS_<KEY>} if the properties file says {@code enable_envvars_config=true}); {@code sluice.yaml}; the properties
 * file; the default.
 *
 * <p>Source: torchserve.md section 5.1 for the file and the {@code TS_} variables; there the environment beats flags.
 *
 * @param flags what was given on the command line, by key
 * @param environment the process's variables
 * @param yamlFile the {@code sluice.yaml} that was named
 * @param propertiesFile the {@code config.properties} that was named
 */
public record ConfigSources(
        Map<String, String> flags,
        Map<String, String> environment,
        Optional<Path> yamlFile,
        Optional<Path> propertiesFile) {

    private static final Map<String, ConfigKey> IRREGULAR_VARIABLES =
            Map.of("TS_TOKEN_EXPIRATION_TIME_MIN", ConfigKey.TOKEN_EXPIRATION_MIN);

    /**
     * What reading led to.
     *
     * @param warnings what is to be told, one line each
     */
    public record Result(ConfigValues values, List<String> warnings) {}

    /**
     * Reads all sources.
     *
     * @throws ServingException {@code INVALID_INPUT} for an unknown key among the flags, a file that cannot be read, or a
     *     variable that a file refers to and nobody has set
     */
    public Result read() {
        List<String> warnings = new ArrayList<>();
        Map<ConfigKey, Setting> merged = new EnumMap<>(ConfigKey.class);
        Map<String, String> properties = propertiesFile
                .map(file -> PropertiesFile.read(file, environment))
                .orElse(Map.of());
        propertiesFile.ifPresent(file -> addFile(merged, properties, nameOf(file), warnings));
        yamlFile.ifPresent(file -> addFile(merged, YamlFile.read(file), nameOf(file), warnings));
        addEnvironment(merged, "true".equalsIgnoreCase(properties.get(ConfigKey.ENABLE_ENVVARS_CONFIG.key())));
        flags.forEach((key, value) -> put(merged, known(key), value, "the command line"));
        return new Result(new ConfigValues(merged), List.copyOf(warnings));
    }

    private static void addFile(
            Map<ConfigKey, Setting> merged, Map<String, String> file, String origin, List<String> warnings) {
        file.forEach((name, value) -> ConfigKey.named(name)
                .ifPresentOrElse(
                        key -> put(merged, key, value, origin),
                        () -> warnings.add(origin + ": unknown key " + name + ", ignored" + suggestion(name))));
    }

    private void addEnvironment(Map<ConfigKey, Setting> merged, boolean originals) {
        for (ConfigKey key : ConfigKey.values()) {
            String upper = key.name().toUpperCase(Locale.ROOT);
            if (originals) {
                addVariable(merged, key, "TS_" + upper);
            }
            addVariable(merged, key, "SLUICE_" + upper);
        }
        if (originals) {
            IRREGULAR_VARIABLES.forEach((name, key) -> addVariable(merged, key, name));
        }
    }

    private void addVariable(Map<ConfigKey, Setting> merged, ConfigKey key, String name) {
        String value = environment.get(name);
        if (value != null) {
            put(merged, key, value, "variable " + name);
        }
    }

    private static ConfigKey known(String name) {
        return ConfigKey.named(name)
                .orElseThrow(() -> new ServingException(
                        ErrorCode.INVALID_INPUT, "unknown configuration key: " + name + suggestion(name)));
    }

    private static String suggestion(String name) {
        List<String> keys = Stream.of(ConfigKey.values()).map(ConfigKey::key).toList();
        return NearestName.among(keys, name)
                .map(key -> " (did you mean " + key + "?)")
                .orElse("");
    }

    private static void put(Map<ConfigKey, Setting> merged, ConfigKey key, String value, String origin) {
        merged.put(key, new Setting(key, value, origin));
    }

    private static String nameOf(Path file) {
        return String.valueOf(file.getFileName());
    }
}
