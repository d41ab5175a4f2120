// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.cli;

import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.server.config.ConfigSources;
import dev.sluice.server.config.ConfigValues;
import dev.sluice.server.config.ServerConfig;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
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
            "Settings win in this order: flags and --set; SLUICE_<KEY> variables; TS_<KEY> variables, with",
            "enable_envvars_config=true; sluice.yaml; the properties file that is named; the settings of the",
            "last snapshot, if no file is named; ./config.properties; the defaults. See which one won with",
            "'sluice config explain' and the same flags; 'sluice config keys' lists all keys."
        })
final class ServeCommand implements Callable<Integer> {
    private final Console console;
    private final ServerLauncher launcher;

    @Mixin
    private ServeOptions options = new ServeOptions();

    @Option(
            names = "--log-config",
            paramLabel = "FILE",
            description = "A configuration of the log: logback's, or the levels in one of log4j2.")
    private Optional<Path> logConfig = Optional.empty();

    @Option(names = "--foreground", description = "Taken for compatibility: it always is.")
    boolean foreground; // for picocli alone

    ServeCommand(Console console, ServerLauncher launcher) {
        this.console = console;
        this.launcher = launcher;
    }

    @Override
    public Integer call() {
        ConfigSources.Result read =
                options.sources(console, launcher.savedSettings()).read();
        ServerConfig config = config(read.values());
        launcher.configureLog(config.logs(), logConfig);
        Logger log = LoggerFactory.getLogger(ServeCommand.class);
        log.info("{}", StartupRecord.of(config, console.version()));
        read.warnings().forEach(log::warn);
        tellWithoutEffect(log, read.values());
        RunningServer server = launcher.start(config);
        server.addresses().forEach((plane, url) -> console.out().println(ServerBanner.listener(plane, url)));
        server.grpcAddresses()
                .forEach((plane, address) -> console.out().println(ServerBanner.grpcListener(plane, address)));
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

    /** All that is wrong at once: an operator corrects a file once then. */
    private ServerConfig config(ConfigValues values) {
        ServerConfig.Surroundings surroundings = ServeOptions.surroundings(console);
        List<String> problems = ServerConfig.problems(values, surroundings);
        if (!problems.isEmpty()) {
            throw new ServingException(ErrorCode.INVALID_INPUT, String.join(System.lineSeparator(), problems));
        }
        return ServerConfig.of(values, surroundings);
    }
}
