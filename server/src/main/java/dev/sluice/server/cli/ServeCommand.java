// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.cli;

import dev.sluice.server.config.ConfigKey;
import dev.sluice.server.config.ConfigSources;
import dev.sluice.server.config.ConfigValues;
import dev.sluice.server.config.MachineMemory;
import dev.sluice.server.config.ServerConfig;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * {@code sluice serve}: runs a server in the foreground until it is told to stop.
 *
 * <p>Standard output holds one line per listener and {@code Model server started.}; the log goes to standard error.
 *
 * <p>Source: torchserve.md section 5.7 for the original's flags.
 */
@Command(
        name = "serve",
        description = "Run a server until it is told to stop (SIGTERM, Ctrl-C).",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        footer = {
            "",
            "Examples:",
            "  sluice serve --model-store models --models all",
            "  sluice serve --model-store models --models resnet=resnet18.mar --set batch_size=8",
            "  sluice serve -f config.properties --ncs --disable-token-auth",
            "",
            "Settings win in this order: flags and --set; SLUICE_<KEY> variables (TS_<KEY> with",
            "enable_envvars_config=true); sluice.yaml; config.properties; the defaults."
        })
final class ServeCommand implements Callable<Integer> {
    private static final String ORIGINAL_CONFIG_VARIABLE = "TS_CONFIG_FILE";
    private static final String ORIGINAL_CONFIG_FILE = "config.properties";

    private final Console console;
    private final ServerLauncher launcher;

    @Option(names = "--model-store", paramLabel = "DIR", description = "Directory that holds the models.")
    private Optional<Path> modelStore = Optional.empty();

    @Option(
            names = "--models",
            paramLabel = "[NAME=]MODEL",
            arity = "1..*",
            description = "Models to start with, or 'all'.")
    private List<String> models = List.of();

    @Option(
            names = {"--ts-config", "-f"},
            paramLabel = "FILE",
            description = "A config.properties.")
    private Optional<Path> propertiesFile = Optional.empty();

    @Option(names = "--config", paramLabel = "FILE", description = "A sluice.yaml with the same keys.")
    private Optional<Path> yamlFile = Optional.empty();

    @Option(names = "--set", paramLabel = "KEY=VALUE", description = "Any configuration key; may be repeated.")
    private Map<String, String> settings = new LinkedHashMap<>();

    @Option(
            names = {"--disable-token-auth", "--dt"},
            description = "Serve without tokens, also beyond this machine.")
    private boolean tokensDisabled;

    @Option(names = "--enable-model-api", description = "Let callers register and remove models.")
    private boolean modelApi;

    @Option(names = "--log-config", paramLabel = "FILE", description = "A logback configuration.")
    private Optional<Path> logConfig = Optional.empty();

    @Option(
            names = {"--ncs", "--no-config-snapshots"},
            description = "Start without the models of last time, and keep none for next time.")
    private boolean noSnapshots;

    @Option(names = "--foreground", description = "Taken for compatibility: it always is.")
    boolean foreground; // for picocli alone

    ServeCommand(Console console, ServerLauncher launcher) {
        this.console = console;
        this.launcher = launcher;
    }

    @Override
    public Integer call() {
        logConfig.ifPresent(launcher::configureLog);
        ConfigSources.Result read = sources().read();
        ServerConfig config = ServerConfig.of(
                read.values(),
                new ServerConfig.Surroundings(
                        console.temporaryDirectory(),
                        console.enginesDirectory(),
                        console.packs().known(),
                        console.packs().platform(),
                        MachineMemory.ofThisProcess()));
        Logger log = LoggerFactory.getLogger(ServeCommand.class);
        read.warnings().forEach(log::warn);
        tellWithoutEffect(log, read.values());
        RunningServer server = launcher.start(config);
        server.addresses().forEach((plane, url) -> console.out().println(ServerBanner.listener(plane, url)));
        console.out().println("Model server started.");
        console.out().flush();
        server.awaitStop();
        return SluiceCli.OK;
    }

    private static void tellWithoutEffect(Logger log, ConfigValues values) {
        List<String> keys = values.withoutEffect();
        if (!keys.isEmpty()) {
            log.warn("Configuration keys that are known but change nothing yet: {}", String.join(", ", keys));
        }
    }

    /** The sources in the form the configuration reads them; for tests too. */
    ConfigSources sources() {
        return new ConfigSources(flags(), console.environment(), yamlFile, propertiesFile());
    }

    private Map<String, String> flags() {
        Map<String, String> flags = new LinkedHashMap<>(settings);
        modelStore.ifPresent(directory -> flags.put(ConfigKey.MODEL_STORE.key(), directory.toString()));
        if (!models.isEmpty()) {
            flags.put(ConfigKey.LOAD_MODELS.key(), String.join(",", models));
        }
        if (tokensDisabled) {
            flags.put(ConfigKey.DISABLE_TOKEN_AUTHORIZATION.key(), "true");
        }
        if (modelApi) {
            flags.put(ConfigKey.ENABLE_MODEL_API.key(), "true");
        }
        if (noSnapshots) {
            flags.put(ConfigKey.SNAPSHOTS.key(), "false");
        }
        return flags;
    }

    /** As in the original the variable beats the flag, and a file of that name in the working directory is read unasked. */
    private Optional<Path> propertiesFile() {
        String fromVariable = console.environment().get(ORIGINAL_CONFIG_VARIABLE);
        if (fromVariable != null) {
            return Optional.of(Path.of(fromVariable));
        }
        return propertiesFile.or(() -> Optional.of(console.workingDirectory().resolve(ORIGINAL_CONFIG_FILE))
                .filter(Files::isRegularFile));
    }
}
