// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.cli.torchserve;

import dev.sluice.inference.ServingException;
import dev.sluice.server.cli.Console;
import dev.sluice.server.cli.SluiceCli;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import picocli.CommandLine;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/**
 * The original's command {@code torchserve}: starts a server in the background, or in the foreground until it ends, or stops the
 * one that was started. The server writes where this command writes, as there.
 *
 * <p>Exit codes: 0 done, and a server that ended in good order; 1 it failed; 2 the command line cannot be used.
 *
 * <p><b>Threads:</b> in the foreground a shutdown hook passes the signal on, waits for the server and ends this process with its
 * exit code.
 *
 * <p>Source: torchserve.md section 5.7.
 */
@Command(
        name = "torchserve",
        description = "TorchServe's own command: start a server in the background, or stop it.",
        sortOptions = false,
        footer = {
            "",
            "Examples:",
            "  torchserve --start --model-store models --models all",
            "  torchserve --foreground --ts-config config.properties",
            "  torchserve --stop",
            "  sluice torchserve --version"
        })
public final class TorchServeCommand implements Callable<Integer> {
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final String KEY_FILE = "key_file.json";

    private final Console console;
    private final LauncherHost host;
    private final PidFile pidFile;

    @ArgGroup(exclusive = true)
    private Action action = new Action();

    @Mixin
    private LauncherOptions options = new LauncherOptions();

    @Option(names = "--foreground", description = "Wait for the server to end; with --stop, too.")
    private boolean foreground;

    @Option(
            names = {"-h", "--help"},
            usageHelp = true,
            description = "Show this help and exit.")
    boolean help; // for picocli alone

    /** What is to be done; written by picocli on the thread that parses. */
    static final class Action {
        @Option(
                names = {"-v", "--version"},
                description = "Print the version.")
        private boolean version;

        @Option(names = "--start", description = "Start a server; done when nothing else is said.")
        boolean start; // for picocli alone

        @Option(names = "--stop", description = "Stop the server that was started.")
        private boolean stop;
    }

    private TorchServeCommand(Console console, LauncherHost host) {
        this.console = console;
        this.host = host;
        this.pidFile = new PidFile(PidFile.directory(console.environment(), console.temporaryDirectory()));
    }

    /** The command with the parsing rules of the original, to run or to be mounted. */
    public static CommandLine create(Console console, LauncherHost host) {
        return new CommandLine(new TorchServeCommand(console, host))
                .setAbbreviatedOptionsAllowed(true)
                .setOverwrittenOptionsAllowed(true)
                .setExpandAtFiles(false)
                .setOut(console.out())
                .setErr(console.err())
                .setColorScheme(CommandLine.Help.defaultColorScheme(CommandLine.Help.Ansi.OFF))
                .setParameterExceptionHandler((failure, arguments) -> {
                    console.err().println("torchserve: error: " + failure.getMessage());
                    return SluiceCli.USAGE;
                });
    }

    @Override
    public Integer call() {
        if (action.version) {
            console.out().println("TorchServe Version is " + console.version());
            return SluiceCli.OK;
        }
        try {
            return action.stop ? stop() : start();
        } catch (ServingException e) {
            console.out().println(e.safeMessage());
            return SluiceCli.FAILED;
        }
    }

    private int stop() {
        if (!pidFile.exists()) {
            console.out().println("No server is running.");
            return SluiceCli.OK;
        }
        Optional<ProcessHandle> running = pidFile.running();
        if (running.isEmpty()) {
            removeOrphan();
            console.out().println("No server is running.");
            return SluiceCli.OK;
        }
        ProcessHandle server = running.get();
        if (!server.destroy()) {
            console.out().println("The server (process " + server.pid() + ") cannot be told to stop: it is not yours.");
            return SluiceCli.FAILED;
        }
        deleteKeys();
        if (!foreground) {
            pidFile.retire();
            console.out().println("The server (process " + server.pid() + ") was told to stop.");
            return SluiceCli.OK;
        }
        if (!hasEnded(server)) {
            console.out()
                    .println("The server (process " + server.pid() + ") still runs after " + PATIENCE.toSeconds()
                            + " s.");
            return SluiceCli.FAILED;
        }
        pidFile.deleteIf(server.pid());
        console.out().println("The server has stopped.");
        return SluiceCli.OK;
    }

    private void deleteKeys() {
        try {
            Path keys = console.workingDirectory().resolve(KEY_FILE);
            Files.deleteIfExists(keys);
        } catch (IOException e) {
            console.out().println(KEY_FILE + " cannot be deleted: " + e.getMessage());
        }
    }

    private static boolean hasEnded(ProcessHandle process) {
        try {
            ProcessHandle ended = process.onExit().get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
            return !ended.isAlive();
        } catch (TimeoutException | ExecutionException e) {
            return false;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    private void removeOrphan() {
        console.out().println("Removing orphan pid file.");
        pidFile.delete();
    }

    private int start() {
        Optional<ProcessHandle> running = pidFile.running();
        if (running.isPresent()) {
            return refuseSecond(running.get().pid());
        }
        if (pidFile.exists()) {
            removeOrphan();
        }
        ProcessBuilder builder = new ServerStart(console, host, options).prepare();
        awaitStopping();
        console.out().flush();
        try {
            return run(builder.start());
        } catch (IOException e) {
            throw new UncheckedIOException("the server cannot be started", e);
        }
    }

    /** A server that was told to stop holds its ports until it has answered what it took. */
    private void awaitStopping() {
        pidFile.stopping().ifPresent(server -> {
            console.out().println("Waiting for the server that is stopping (process " + server.pid() + ").");
            boolean unused = hasEnded(server);
        });
    }

    private int refuseSecond(long pid) {
        console.out().println("A server is running already (process " + pid + "). Stop it with: torchserve --stop");
        return SluiceCli.FAILED;
    }

    private int run(Process server) {
        if (!isNoted(server)) {
            server.destroy();
            return pidFile.running().map(other -> refuseSecond(other.pid())).orElse(SluiceCli.FAILED);
        }
        return foreground ? await(server) : SluiceCli.OK;
    }

    /** A server nobody can stop by this command is none to leave behind. */
    private boolean isNoted(Process server) {
        try {
            return pidFile.write(server.pid());
        } catch (ServingException e) {
            server.destroy();
            throw e;
        }
    }

    private int await(Process server) {
        Thread hook = new Thread(() -> passOn(server), "shutdown");
        Runtime.getRuntime().addShutdownHook(hook);
        try {
            int code = server.waitFor();
            pidFile.deleteIf(server.pid());
            return code;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return SluiceCli.FAILED;
        }
    }

    /** The shutdown hook: whoever stops this process means the server. It bounds itself how long that takes. */
    private void passOn(Process server) {
        if (!server.isAlive()) {
            return;
        }
        server.destroy();
        try {
            int code = server.waitFor();
            pidFile.deleteIf(server.pid());
            Runtime.getRuntime().halt(code);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
