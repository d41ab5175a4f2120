// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.migrate;

import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.server.config.ConfigKey;
import dev.sluice.server.config.ConfigSources;
import dev.sluice.server.config.ConfigSurvey;
import dev.sluice.server.config.ConfigValues;
import dev.sluice.server.config.Setting;
import dev.sluice.server.migrate.Finding.Verdict;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A folder in which TorchServe was run: its {@code config.properties}, its model store and what else it may hold.
 *
 * <p><b>Errors:</b> {@code INVALID_INPUT} for a folder in which there is neither a configuration nor a model store.
 */
public final class TorchServeSetup {
    private static final List<String> STORES = List.of("model_store", "model-store", "models", ".");

    private final Path folder;
    private final Map<String, String> environment;
    private final List<String> read = new ArrayList<>();
    private final List<Finding> findings = new ArrayList<>();

    /** @param environment variables that the configuration may refer to */
    public TorchServeSetup(Path folder, Map<String, String> environment) {
        this.folder = folder;
        this.environment = Map.copyOf(environment);
    }

    /**
     * Looks at everything.
     *
     * @param named the configuration, if it is not the folder's {@code config.properties}
     * @param judge what this server makes of the models of a store
     */
    public Migration examine(Optional<Path> named, ModelJudge judge) {
        Optional<Path> file = named.or(() -> existing(folder.resolve("config.properties")));
        ConfigSurvey survey = new ConfigSources(Map.of(), environment, Optional.empty(), file).survey();
        file.ifPresent(it -> read.add(String.valueOf(it.getFileName())));
        survey.problems().forEach(problem -> add(Verdict.CANNOT, "config.properties", problem));
        survey.warnings().forEach(warning -> add(Verdict.DIFFERENT, "config.properties", warning));
        List<Setting> settings = new ArrayList<>(survey.values().settings());
        settings.forEach(setting -> findings.add(SettingVerdicts.of(setting)));
        Optional<Path> store = store(survey);
        if (file.isEmpty() && store.isEmpty()) {
            throw new ServingException(
                    ErrorCode.INVALID_INPUT,
                    folder + " (expected: a folder with a config.properties or a model store)");
        }
        store.ifPresent(it -> replaceStore(settings, it));
        store.ifPresent(it -> {
            read.add("model store " + it);
            findings.addAll(judge.models(it, survey.values()));
        });
        lookAround(survey, store);
        String yaml = YamlText.of(
                settings.stream().filter(setting -> setting.key().hasEffect()).toList());
        return new Migration(read, findings, yaml, command(survey));
    }

    /** What looks at models: the rules are the server's. */
    @FunctionalInterface
    public interface ModelJudge {
        /** One finding for each model in {@code store}, under the settings of {@code values}. */
        List<Finding> models(Path store, ConfigValues values);
    }

    /** Where the models lie: a container's path is not there outside of it, and its last name may be. */
    private Optional<Path> store(ConfigSurvey survey) {
        Optional<String> given = survey.values().text(ConfigKey.MODEL_STORE);
        if (given.isPresent()) {
            Path path = folder.resolve(given.get());
            Path name = path.getFileName();
            return Stream.of(path, folder.resolve(name == null ? path : name))
                    .filter(Files::isDirectory)
                    .findFirst()
                    .or(() -> {
                        add(
                                Verdict.CANNOT,
                                "model_store",
                                given.get() + " is not there, so its models were not looked at");
                        return Optional.empty();
                    });
        }
        return STORES.stream()
                .map(name -> folder.resolve(name).normalize())
                .filter(path -> Files.isDirectory(path) && !files(path, ".mar").isEmpty())
                .findFirst();
    }

    private static void replaceStore(List<Setting> settings, Path store) {
        settings.removeIf(setting -> setting.key() == ConfigKey.MODEL_STORE);
        settings.add(0, new Setting(ConfigKey.MODEL_STORE, store.toString(), "the folder"));
    }

    private void lookAround(ConfigSurvey survey, Optional<Path> store) {
        String logs = survey.values().text(ConfigKey.LOG_LOCATION).orElse("logs");
        List<String> snapshots = files(folder.resolve(logs).resolve("config"), ".cfg");
        if (!snapshots.isEmpty()) {
            String newest = snapshots.get(snapshots.size() - 1);
            read.add("snapshots, the newest " + newest);
            add(
                    Verdict.EQUAL,
                    "snapshot " + newest,
                    "a server started in this folder restores its models; --ncs leaves them out");
        }
        boolean hasLog4j = Files.exists(folder.resolve("log4j2.xml"))
                || survey.values().text(ConfigKey.VMARGS).orElse("").contains("log4j");
        if (hasLog4j) {
            add(
                    Verdict.CANNOT,
                    "log4j2",
                    "of its configuration --log-config takes the levels alone (instead of the rest: log_level,"
                            + " log_format, or --log-config with a logback configuration)");
        }
        Optional<String> flows = survey.values().text(ConfigKey.WORKFLOW_STORE);
        Stream.concat(flows.map(folder::resolve).stream(), store.stream())
                .distinct()
                .flatMap(path -> files(path, ".war").stream())
                .distinct()
                .forEach(war -> add(Verdict.CANNOT, war, "is a workflow, and there are none yet"));
    }

    private static String command(ConfigSurvey survey) {
        String flags = Stream.of(
                        survey.values().text(ConfigKey.VMARGS).orElse("").split("\\s+", -1))
                .filter(flag -> !flag.isEmpty() && !flag.startsWith("-Dlog4j"))
                .collect(Collectors.joining(" "));
        return (flags.isEmpty() ? "" : "SLUICE_JAVA_OPTS='" + flags.replace("'", "'\\''") + "' ")
                + "sluice serve --config sluice.yaml";
    }

    private void add(Verdict verdict, String subject, String text) {
        findings.add(new Finding(verdict, subject, text));
    }

    private static Optional<Path> existing(Path file) {
        return Optional.of(file).filter(Files::isRegularFile);
    }

    /** Names of the files in {@code folder} that end so, sorted; none if it cannot be listed. */
    private static List<String> files(Path folder, String ending) {
        try (Stream<Path> children = Files.list(folder)) {
            return children.map(child -> String.valueOf(child.getFileName()))
                    .filter(name -> name.endsWith(ending))
                    .sorted()
                    .toList();
        } catch (IOException e) {
            return List.of();
        }
    }
}
