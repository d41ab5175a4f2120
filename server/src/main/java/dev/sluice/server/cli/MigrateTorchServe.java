// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.cli;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.server.config.ConfigSources;
import dev.sluice.server.config.ServerConfig;
import dev.sluice.server.migrate.Finding;
import dev.sluice.server.migrate.Migration;
import dev.sluice.server.migrate.StoreJudge;
import dev.sluice.server.migrate.TorchServeSetup;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code sluice migrate torchserve}. */
@Command(
        name = "torchserve",
        description = "Look at a folder TorchServe was run in; nothing in it is changed.",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        footer = {
            "",
            "Examples:",
            "  sluice migrate torchserve /srv/torchserve",
            "  sluice migrate torchserve . --output sluice.yaml",
            "",
            "The exit code is 1 when something does not work here."
        })
final class MigrateTorchServe implements Callable<Integer> {
    private final Console console;
    private final ServerLauncher launcher;

    @Parameters(paramLabel = "DIR", description = "The folder.")
    private Path folder = Path.of(".");

    @Option(
            names = "--ts-config",
            paramLabel = "FILE",
            description = "The configuration (default: config.properties in DIR).")
    private Optional<Path> file = Optional.empty();

    @Option(names = "--output", paramLabel = "FILE", description = "Write the sluice.yaml there; it must not exist.")
    private Optional<Path> output = Optional.empty();

    @Option(names = "--json", description = "Print what was found as JSON.")
    private boolean json;

    MigrateTorchServe(Console console, ServerLauncher launcher) {
        this.console = console;
        this.launcher = launcher;
    }

    @Override
    public Integer call() {
        Path directory = console.workingDirectory().resolve(folder).normalize();
        if (!Files.isDirectory(directory)) {
            throw new ServingException(ErrorCode.INVALID_INPUT, folder + " (expected: a folder that exists)");
        }
        Migration migration = new TorchServeSetup(directory, console.environment())
                .examine(
                        file.map(console.workingDirectory()::resolve),
                        new StoreJudge(launcher.capabilities(plainConfig()), console.temporaryDirectory()));
        output.ifPresent(target -> write(console.workingDirectory().resolve(target), migration.yaml()));
        if (json) {
            console.out().println(json(migration));
        } else {
            print(migration);
        }
        return migration.isComplete() ? SluiceCli.OK : SluiceCli.FAILED;
    }

    /** Of a server that was told nothing: its engines are what counts. */
    private ServerConfig plainConfig() {
        ConfigSources nothing = new ConfigSources(Map.of(), Map.of(), Optional.empty(), Optional.empty());
        return ServerConfig.of(nothing.read().values(), ServeOptions.surroundings(console));
    }

    private static void write(Path target, String yaml) {
        try {
            Files.writeString(target, yaml, StandardCharsets.UTF_8, StandardOpenOption.CREATE_NEW);
        } catch (FileAlreadyExistsException e) {
            throw new ServingException(
                    ErrorCode.INVALID_INPUT, "--output: " + target + " (expected: a file that does not exist yet)", e);
        } catch (IOException e) {
            throw new ServingException(ErrorCode.INVALID_INPUT, "--output: " + target + " cannot be written", e);
        }
    }

    private void print(Migration migration) {
        console.out().println("Read: " + String.join("; ", migration.read()));
        for (Finding.Verdict verdict : Finding.Verdict.values()) {
            List<Finding> findings = migration.findings().stream()
                    .filter(finding -> finding.verdict() == verdict)
                    .toList();
            if (!findings.isEmpty()) {
                console.out().println();
                console.out().println(heading(verdict));
                findings.forEach(finding -> console.out().println("  " + finding.subject() + ": " + finding.text()));
            }
        }
        console.out().println();
        console.out().println("Without changing anything:  torchserve --start, with the flags as before");
        String command = output.map(target -> migration.command().replace("sluice.yaml", target.toString()))
                .orElse(migration.command());
        console.out().println("In Sluice's own words:      " + command);
        console.out().println();
        if (output.isEmpty()) {
            console.out().println("sluice.yaml:");
            console.out().print(migration.yaml());
        }
        console.out().flush();
    }

    private static String heading(Finding.Verdict verdict) {
        return switch (verdict) {
            case EQUAL -> "The same here:";
            case BETTER -> "Better here:";
            case DIFFERENT -> "Different here:";
            case CANNOT -> "Does not work here:";
        };
    }

    private static String json(Migration migration) {
        ObjectNode root = JsonNodeFactory.instance.objectNode();
        migration.read().forEach(root.withArray("read")::add);
        for (Finding finding : migration.findings()) {
            root.withArray("findings")
                    .addObject()
                    .put("verdict", finding.verdict().name().toLowerCase(Locale.ROOT))
                    .put("subject", finding.subject())
                    .put("text", finding.text());
        }
        return root.put("complete", migration.isComplete())
                .put("command", migration.command())
                .put("yaml", migration.yaml())
                .toPrettyString();
    }
}
