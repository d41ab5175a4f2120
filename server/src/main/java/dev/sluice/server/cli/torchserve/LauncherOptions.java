// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.cli.torchserve;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Option;

/**
 * The original's flags that a server is started with, and two of ours.
 *
 * <p>Source: torchserve.md section 5.7.
 */
final class LauncherOptions {
    @Option(
            names = {"--ts-config", "--ts-config-file", "-f"},
            paramLabel = "FILE",
            description = "A config.properties; TS_CONFIG_FILE goes before it.")
    private Optional<String> propertiesFile = Optional.empty();

    @Option(names = "--model-store", paramLabel = "DIR", description = "Directory that holds the models.")
    private Optional<String> modelStore = Optional.empty();

    @Option(
            names = "--workflow-store",
            paramLabel = "DIR",
            description = "Taken for compatibility: there are no workflows yet.")
    private Optional<String> workflowStore = Optional.empty();

    @Option(
            names = "--models",
            paramLabel = "[NAME=]MODEL",
            arity = "1..*",
            description = "Models to start with, or 'all'.")
    private List<String> models = List.of();

    @Option(
            names = "--log-config",
            paramLabel = "FILE",
            description = "A configuration of the log: logback's, or the levels in one of log4j2.")
    private Optional<String> logConfig = Optional.empty();

    @Option(
            names = "--cpp-log-config",
            paramLabel = "FILE",
            description = "Taken for compatibility: there is no C++ runtime.")
    private Optional<String> cppLogConfig = Optional.empty();

    @Option(
            names = {"--no-config-snapshots", "--ncs"},
            description = "Neither read nor write snapshots of models and settings.")
    private boolean noSnapshots;

    @Option(
            names = {"--plugins-path", "--ppath"},
            paramLabel = "PATH",
            description = "Taken for compatibility: plugins are not loaded yet.")
    private Optional<String> plugins = Optional.empty();

    @Option(
            names = {"--disable-token-auth", "--dt"},
            description = "Serve without tokens, also beyond this machine.")
    private boolean tokensDisabled;

    @Option(names = "--enable-model-api", description = "Let callers register and remove models.")
    private boolean modelApi;

    @Option(names = "--config", paramLabel = "FILE", description = "A sluice.yaml.")
    private Optional<String> yamlFile = Optional.empty();

    @Option(names = "--set", paramLabel = "KEY=VALUE", description = "Any configuration key; may be repeated.")
    private Map<String, String> settings = new LinkedHashMap<>();

    Optional<String> logConfig() {
        return logConfig;
    }

    Optional<String> cppLogConfig() {
        return cppLogConfig;
    }

    Optional<String> workflowStore() {
        return workflowStore;
    }

    /** The same in the words of {@code sluice serve}, but for the log's configuration. */
    List<String> forServer() {
        List<String> words = new ArrayList<>();
        add(words, "--ts-config", propertiesFile);
        add(words, "--config", yamlFile);
        add(words, "--model-store", modelStore);
        add(words, "--workflow-store", workflowStore);
        add(words, "--cpp-log-config", cppLogConfig);
        add(words, "--plugins-path", plugins);
        models.forEach(model -> words.addAll(List.of("--models", model)));
        settings.forEach((key, value) -> words.addAll(List.of("--set", key + "=" + value)));
        addIf(noSnapshots, words, "--no-config-snapshots");
        addIf(tokensDisabled, words, "--disable-token-auth");
        addIf(modelApi, words, "--enable-model-api");
        return words;
    }

    private static void add(List<String> words, String flag, Optional<String> value) {
        value.ifPresent(it -> words.addAll(List.of(flag, it)));
    }

    private static void addIf(boolean isSet, List<String> words, String flag) {
        if (isSet) {
            words.add(flag);
        }
    }
}
