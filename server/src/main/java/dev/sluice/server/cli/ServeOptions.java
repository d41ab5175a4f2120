// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.cli;

import dev.sluice.server.config.ConfigKey;
import dev.sluice.server.config.ConfigSources;
import dev.sluice.server.config.ConfigValues;
import dev.sluice.server.config.Flag;
import dev.sluice.server.config.MachineMemory;
import dev.sluice.server.config.SavedSettings;
import dev.sluice.server.config.ServerConfig;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/**
 * The flags by which a server is configured: ours, those of the original's launcher, and those its JVM takes.
 *
 * <p>Source: torchserve.md section 5.7.
 */
public final class ServeOptions {
    private static final String ORIGINAL_CONFIG_VARIABLE = "TS_CONFIG_FILE";
    private static final String ORIGINAL_CONFIG_FILE = "config.properties";

    @Option(
            names = {"--model-store", "-s"},
            paramLabel = "DIR",
            description = "Directory that holds the models.")
    private Optional<Path> modelStore = Optional.empty();

    @Option(
            names = {"--models", "-m"},
            paramLabel = "[NAME=]MODEL",
            arity = "1..*",
            description = "Models to start with, or 'all'.")
    private List<String> models = List.of();

    @Option(
            names = "--workers",
            paramLabel = "N",
            description = "Instances of models that name no number (default: one per processor).")
    private Optional<String> workers = Optional.empty();

    @Option(
            names = {"--ts-config", "--ts-config-file", "-f"},
            paramLabel = "FILE",
            description = "A config.properties.")
    private Optional<Path> propertiesFile = Optional.empty();

    @Option(names = "--config", paramLabel = "FILE", description = "A sluice.yaml with the same keys.")
    private Optional<Path> yamlFile = Optional.empty();

    @Option(names = "--set", paramLabel = "KEY=VALUE", description = "Any configuration key; may be repeated.")
    private Map<String, String> settings = new LinkedHashMap<>();

    @Option(
            names = {"--disable-token-auth", "--dt", "-dt"},
            description = "Serve without tokens, also beyond this machine.")
    private boolean tokensDisabled;

    @Option(
            names = {"--enable-model-api", "-mapi"},
            description = "Let callers register and remove models.")
    private boolean modelApi;

    @Option(
            names = {"--ncs", "-ncs", "--no-config-snapshots", "--no-config-snapshot"},
            description = "Neither read nor write snapshots of models and settings.")
    private boolean noSnapshots;

    @Option(
            names = {"--workflow-store", "-w"},
            paramLabel = "DIR",
            description = "Taken for compatibility: there are no workflows yet.")
    private Optional<String> workflowStore = Optional.empty();

    @Option(
            names = {"--plugins-path", "--ppath"},
            paramLabel = "PATH",
            description = "Taken for compatibility: plugins are not loaded yet.")
    private Optional<String> plugins = Optional.empty();

    @Option(
            names = {"--cpp-log-config", "-clog"},
            paramLabel = "FILE",
            description = "Taken for compatibility: there is no C++ runtime.")
    private Optional<String> cppLogConfig = Optional.empty();

    @Option(
            names = {"--python", "-e"},
            paramLabel = "PROGRAM",
            description = "The Python that runs Python handlers (default: python).")
    private Optional<String> python = Optional.empty();

    /**
     * The flags in {@code words}.
     *
     * @throws CommandLine.ParameterException for words that are none
     */
    public static ServeOptions parse(List<String> words) {
        Parsed parsed = new Parsed();
        CommandLine.ParseResult unused = new CommandLine(parsed).parseArgs(words.toArray(String[]::new));
        return parsed.options;
    }

    @Command
    private static final class Parsed {
        @Mixin
        private ServeOptions options = new ServeOptions();
    }

    /** Where all settings of a server with these flags come from. */
    public ConfigSources sources(Console console, SavedSettings saved) {
        Optional<Path> named = propertiesFile(console);
        return new ConfigSources(
                flags(),
                console.environment(),
                yamlFile.map(console.workingDirectory()::resolve),
                named,
                Optional.of(console.workingDirectory().resolve(ORIGINAL_CONFIG_FILE))
                        .filter(Files::isRegularFile),
                saved);
    }

    /** Why a server in another process would refuse {@code values}, but for what depends on the memory that one has. */
    public static List<String> problems(Console console, ConfigValues values) {
        ServerConfig.Surroundings here = surroundings(console);
        return ServerConfig.problems(
                values,
                new ServerConfig.Surroundings(
                        here.temporaryDirectory(),
                        here.enginesDirectory(),
                        here.knownPacks(),
                        here.platform(),
                        new MachineMemory(Long.MAX_VALUE, 0, Long.MAX_VALUE),
                        here.pythonDirectory()));
    }

    /** What this machine and this installation contribute. */
    static ServerConfig.Surroundings surroundings(Console console) {
        return new ServerConfig.Surroundings(
                console.temporaryDirectory(),
                console.enginesDirectory(),
                console.packs().known(),
                console.packs().platform(),
                MachineMemory.ofThisProcess(),
                console.pythonDirectory());
    }

    private List<Flag> flags() {
        List<Flag> flags = new ArrayList<>();
        settings.forEach((key, value) -> flags.add(new Flag(key, value, "--set")));
        modelStore.ifPresent(it -> add(flags, ConfigKey.MODEL_STORE, it.toString(), "--model-store"));
        if (!models.isEmpty()) {
            add(flags, ConfigKey.LOAD_MODELS, String.join(",", models), "--models");
        }
        workers.ifPresent(it -> add(flags, ConfigKey.DEFAULT_WORKERS_PER_MODEL, it, "--workers"));
        addIf(tokensDisabled, flags, ConfigKey.DISABLE_TOKEN_AUTHORIZATION, "true", "--disable-token-auth");
        addIf(modelApi, flags, ConfigKey.ENABLE_MODEL_API, "true", "--enable-model-api");
        addIf(noSnapshots, flags, ConfigKey.SNAPSHOTS, "false", "--no-config-snapshots");
        workflowStore.ifPresent(it -> add(flags, ConfigKey.WORKFLOW_STORE, it, "--workflow-store"));
        plugins.ifPresent(it -> add(flags, ConfigKey.PLUGINS_PATH, it, "--plugins-path"));
        cppLogConfig.ifPresent(it -> add(flags, ConfigKey.CPP_LOG_CONFIG, it, "--cpp-log-config"));
        python.ifPresent(it -> add(flags, ConfigKey.PYTHON, it, "--python"));
        return flags;
    }

    private static void add(List<Flag> flags, ConfigKey key, String value, String name) {
        flags.add(new Flag(key.key(), value, name));
    }

    private static void addIf(boolean isSet, List<Flag> flags, ConfigKey key, String value, String name) {
        if (isSet) {
            add(flags, key, value, name);
        }
    }

    /** As in the original the variable beats the flag. */
    private Optional<Path> propertiesFile(Console console) {
        return Optional.ofNullable(console.environment().get(ORIGINAL_CONFIG_VARIABLE))
                .filter(name -> !name.isBlank())
                .map(Path::of)
                .or(() -> propertiesFile)
                .map(console.workingDirectory()::resolve);
    }
}
