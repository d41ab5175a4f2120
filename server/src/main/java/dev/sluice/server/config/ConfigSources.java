// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.config;

import dev.sluice.inference.ServingException;
import dev.sluice.server.yaml.NearestName;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * Where settings come from. The first that has a key wins: flags and {@code --set}; {@code SLUICE_<KEY>}; {@code TS_<KEY>}, if a
 * setting allows it; {@code sluice.yaml}; the properties file that was named; if none was, what the last run saved, and then the
 * {@code config.properties} that lies there; the default. That file goes before what was saved if it was changed since
 * that run started.
 *
 * <p>Source: torchserve.md section 5.1 for the files and the {@code TS_} variables; there the environment beats flags, and what
 * was saved beats a file that was changed since.
 *
 * @param flags in the order of the command line, the last one of a key winning
 * @param environment the process's variables
 * @param yamlFile the {@code sluice.yaml} that was named
 * @param propertiesFile the properties file that was named
 * @param foundFile the {@code config.properties} that nobody named; counts if nobody named another
 * @param saved what the last run saved; counts if no file was named and snapshots are on
 */
public record ConfigSources(
        List<Flag> flags,
        Map<String, String> environment,
        Optional<Path> yamlFile,
        Optional<Path> propertiesFile,
        Optional<Path> foundFile,
        SavedSettings saved) {
    private static final String LEAVE = ConfigKey.ENABLE_ENVVARS_CONFIG.key() + "=true";

    /** Sources without anything that nobody named. */
    public ConfigSources(
            Map<String, String> flags,
            Map<String, String> environment,
            Optional<Path> yamlFile,
            Optional<Path> propertiesFile) {
        this(
                flags.entrySet().stream()
                        .map(flag -> new Flag(flag.getKey(), flag.getValue(), "--set"))
                        .toList(),
                environment,
                yamlFile,
                propertiesFile,
                Optional.empty(),
                SavedSettings.NONE);
    }

    /**
     * What reading led to.
     *
     * @param warnings what is to be told, one line each
     */
    public record Result(ConfigValues values, List<String> warnings) {}

    /**
     * Reads all sources.
     *
     * @throws ServingException {@code INVALID_INPUT} for unknown keys among the flags, files that cannot be read, and variables
     *     that a file refers to and nobody has set: all of them
     */
    public Result read() {
        ConfigSurvey survey = survey();
        if (!survey.problems().isEmpty()) {
            throw ConfigSurvey.refusal(survey.problems());
        }
        return new Result(survey.values(), survey.warnings());
    }

    /** Reads all sources, whatever is wrong with them. */
    public ConfigSurvey survey() {
        List<String> warnings = new ArrayList<>();
        List<String> problems = new ArrayList<>();
        Variables variables = new Variables(environment);
        Layers layers = new Layers(
                fileSettings(propertiesFile, PropertiesFile::read, warnings, problems),
                propertiesFile.isPresent()
                        ? List.of()
                        : fileSettings(foundFile, PropertiesFile::read, warnings, problems),
                fileSettings(yamlFile, YamlFile::read, warnings, problems),
                variables,
                flagSettings(problems));
        Optional<SavedSettings.Saved> last = lastSaved(layers);
        Gathering all = layers.gathered(last, changedSince(last));
        last.ifPresent(it -> tellWhatDoesNotComeBack(it, all, warnings));
        all.trails()
                .forEach((key, trail) -> trail.losers().stream()
                        .filter(loser -> isSurprising(loser, trail))
                        .forEach(loser -> warnings.add(
                                loser.setting().origin() + ": " + key.key() + " is ignored: " + loser.why())));
        warnings.addAll(variables.misspelt());
        warnings.addAll(idleModels(all));
        return new ConfigSurvey(all.trails(), warnings, problems);
    }

    /** What is read, before it is put in order. */
    private record Layers(
            List<Setting> properties,
            List<Setting> found,
            List<Setting> yaml,
            Variables variables,
            List<Setting> flags) {

        Gathering gathered(Optional<SavedSettings.Saved> last, boolean foundIsNewer) {
            Gathering all = new Gathering();
            List<Setting> earlier = last.map(SavedLayer::counting).orElse(List.of());
            all.put(foundIsNewer ? earlier : found);
            all.put(foundIsNewer ? found : earlier);
            all.put(properties);
            all.put(yaml);
            ConfigValues said = withVariables(all);
            all.put(variables.always());
            variables
                    .openInference()
                    .filter(setting -> variables.always().stream().noneMatch(it -> it.key() == setting.key()))
                    .ifPresent(setting -> all.lost(setting, "only the value oip means something"));
            for (Setting setting : variables.originals()) {
                Optional<String> obstacle = obstacle(setting.key(), said);
                obstacle.ifPresentOrElse(why -> all.lost(setting, why), () -> all.put(List.of(setting)));
            }
            all.put(variables.ours());
            all.put(flags);
            return all;
        }

        /** What everybody but the original's variables says: they cannot allow themselves. */
        private ConfigValues withVariables(Gathering files) {
            Gathering without = new Gathering();
            without.put(files.values().settings());
            without.put(variables.ours());
            without.put(flags);
            return without.values();
        }

        private static Optional<String> obstacle(ConfigKey key, ConfigValues said) {
            if (!said.flag(ConfigKey.ENABLE_ENVVARS_CONFIG)) {
                return Optional.of(
                        "TS_ variables count with " + LEAVE + " alone, and SLUICE_" + key.name() + " always");
            }
            return key == ConfigKey.ALLOWED_URLS && !said.flag(ConfigKey.USE_ENV_ALLOWED_URLS)
                    ? Optional.of("it counts with " + ConfigKey.USE_ENV_ALLOWED_URLS.key() + "=true alone")
                    : Optional.empty();
        }
    }

    private Optional<SavedSettings.Saved> lastSaved(Layers layers) {
        ConfigValues said = layers.gathered(Optional.empty(), false).values();
        if (propertiesFile.isPresent() || yamlFile.isPresent() || !said.flag(ConfigKey.SNAPSHOTS)) {
            return Optional.empty();
        }
        try {
            return saved.newest(SnapshotsConfig.directory(said))
                    .filter(last ->
                            !SavedSettings.areOfAnotherStore(last.settings(), said.text(ConfigKey.MODEL_STORE)));
        } catch (ServingException e) {
            // A path that is none: whoever makes the configuration of it will say so.
            return Optional.empty();
        }
    }

    /** Whether somebody changed the file that nobody named after the run that saved settings had read it. */
    private boolean changedSince(Optional<SavedSettings.Saved> last) {
        if (last.isEmpty() || foundFile.isEmpty()) {
            return false;
        }
        try {
            Instant changed = Files.getLastModifiedTime(foundFile.get()).toInstant();
            return changed.isAfter(last.get().written());
        } catch (IOException e) {
            return false;
        }
    }

    private static void tellWhatDoesNotComeBack(SavedSettings.Saved saved, Gathering all, List<String> warnings) {
        for (Setting setting : SavedLayer.saidAtEachStart(saved)) {
            boolean isMissed = !all.isGiven(setting.key())
                    && !setting.value().strip().equalsIgnoreCase(setting.key().fallback());
            all.lost(setting, "snapshots do not bring back addresses, nor who may call");
            if (isMissed) {
                warnings.add(setting.origin() + ": " + setting.key().key() + " is not brought back, and has its default"
                        + " now; name the file it is in with -f, or give it again");
            }
        }
    }

    /** The original's documentation reads as if the key loaded models. */
    private static List<String> idleModels(Gathering all) {
        boolean loads = all.isGiven(ConfigKey.LOAD_MODELS) || all.isGiven(ConfigKey.MODEL_SNAPSHOT);
        return loads || !all.isGiven(ConfigKey.MODELS)
                ? List.of()
                : List.of("models: says how models run, and loads none by itself (expected: load_models beside it)");
    }

    /** Whether somebody may wonder: a variable that counts for nothing, or a file that an older snapshot beats. */
    private boolean isSurprising(ConfigSurvey.Loser loser, ConfigSurvey.Trail trail) {
        String origin = loser.setting().origin();
        if (origin.startsWith("variable TS_")) {
            return trail.winner().stream().noneMatch(winner -> loser.why().startsWith(winner.origin()));
        }
        boolean isFound = propertiesFile.isEmpty()
                && foundFile
                        .map(ConfigSources::nameOf)
                        .filter(origin::startsWith)
                        .isPresent();
        return isFound
                && trail.winner()
                        .filter(winner -> winner.origin().startsWith("snapshot ")
                                && !winner.value().equals(loser.setting().value()))
                        .isPresent();
    }

    private List<Setting> fileSettings(
            Optional<Path> file,
            Function<Path, Map<String, FileValue>> reader,
            List<String> warnings,
            List<String> problems) {
        if (file.isEmpty()) {
            return List.of();
        }
        String name = nameOf(file.get());
        List<Setting> settings = new ArrayList<>();
        try {
            reader.apply(file.get()).forEach((key, value) -> {
                Optional<ConfigKey> known = ConfigKey.named(key);
                if (known.isEmpty()) {
                    warnings.add(value.origin(name) + ": unknown key " + key + ", ignored" + suggestion(key));
                }
                String expanded = expanded(key, value, file.equals(yamlFile), problems);
                known.ifPresent(it -> settings.add(new Setting(it, expanded, value.origin(name))));
            });
        } catch (ServingException e) {
            problems.add(e.safeMessage());
        }
        return settings;
    }

    private String expanded(String key, FileValue value, boolean isYaml, List<String> problems) {
        if (isYaml) {
            return value.value();
        }
        try {
            return PropertiesFile.expanded(key, value.value(), environment);
        } catch (ServingException e) {
            problems.add(e.safeMessage());
            return value.value();
        }
    }

    private List<Setting> flagSettings(List<String> problems) {
        List<Setting> settings = new ArrayList<>();
        for (Flag flag : flags) {
            ConfigKey.named(flag.key())
                    .ifPresentOrElse(
                            key -> settings.add(new Setting(key, flag.value(), flag.name())),
                            () -> problems.add("unknown configuration key: " + flag.key() + suggestion(flag.key())));
        }
        return settings;
    }

    private static String suggestion(String name) {
        List<String> keys = Stream.of(ConfigKey.values()).map(ConfigKey::key).toList();
        return NearestName.among(keys, name)
                .map(key -> " (did you mean " + key + "?)")
                .orElse("");
    }

    private static String nameOf(Path file) {
        return String.valueOf(file.getFileName());
    }
}
