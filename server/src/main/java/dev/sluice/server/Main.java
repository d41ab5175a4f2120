// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server;

import dev.sluice.server.cli.Console;
import dev.sluice.server.cli.PackHost;
import dev.sluice.server.cli.SluiceCli;
import dev.sluice.server.cli.torchserve.LauncherHost;
import dev.sluice.server.cli.torchserve.TorchServeCommand;
import dev.sluice.server.enginepack.PackInspector;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.OutputStreamWriter;
import java.io.PrintWriter;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import picocli.CommandLine;

/**
 * The program: gathers what the process was given, runs the command line, and ends the process with its exit code.
 *
 * <p>System properties the launcher sets: {@code sluice.home}, the unpacked distribution; {@code sluice.demo}, the digits
 * model, when it is not in {@code demo} below that; {@code sluice.python}, what the processes of Python handlers run, when it is not
 * in {@code python} below that.
 */
public final class Main {
    private Main() {}

    public static void main(String[] args) {
        // Each one costs the server a handshake that the client need not pay for; nobody needs them any more.
        System.setProperty("jdk.tls.rejectClientInitiatedRenegotiation", "true");
        Console console = console(System.getenv());
        ProcessLauncher launcher = new ProcessLauncher(console.version());
        // It has rules of its own, those of the original's command.
        CommandLine torchServe = TorchServeCommand.create(
                console, new LauncherHost(home().map(Main::program), launcher.savedSettings()));
        HandlerTrial handlers =
                new HandlerTrial(pythonDirectory(), console.temporaryDirectory(), console.environment());
        int code = SluiceCli.create(console, launcher, handlers)
                .addSubcommand("torchserve", torchServe)
                .execute(args);
        console.out().flush();
        console.err().flush();
        System.exit(code);
    }

    private static Console console(Map<String, String> environment) {
        boolean unicode = isUnicode(environment);
        Optional<Path> home = home();
        return new Console(
                writer(FileDescriptor.out, unicode),
                writer(FileDescriptor.err, unicode),
                System.in,
                unicode,
                environment,
                Path.of("").toAbsolutePath(),
                Path.of(System.getProperty("java.io.tmpdir", "/tmp")),
                home.map(directory -> directory.resolve("engines")).filter(Files::isDirectory),
                Optional.ofNullable(System.getProperty("sluice.demo"))
                        .map(Path::of)
                        .or(() -> home.map(directory -> directory.resolve("demo")))
                        .filter(Files::isDirectory),
                packHost(home),
                InstantSource.system(),
                Version.read(),
                Optional.ofNullable(System.getProperty("sluice.python"))
                        .map(Path::of)
                        .or(() -> home.map(directory -> directory.resolve("python")))
                        .filter(Files::isDirectory));
    }

    private static Optional<Path> home() {
        return Optional.ofNullable(System.getProperty("sluice.home")).map(Path::of);
    }

    /** Where what runs Python handlers is. */
    private static Optional<Path> pythonDirectory() {
        return Optional.ofNullable(System.getProperty("sluice.python"))
                .map(Path::of)
                .or(() -> home().map(directory -> directory.resolve("python")))
                .filter(Files::isDirectory);
    }

    private static List<String> program(Path home) {
        return List.of(home.resolve("bin").resolve("sluice").toString());
    }

    private static PackHost packHost(Optional<Path> home) {
        List<String> child = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home", ""), "bin", "java").toString(),
                "-Djava.awt.headless=true",
                "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC"));
        // From 22 on the JVM warns of native code that nobody allowed.
        if (Runtime.version().feature() >= 22) {
            child.add("--enable-native-access=ALL-UNNAMED");
        }
        child.addAll(List.of("-cp", System.getProperty("java.class.path", ""), Main.class.getName()));
        return new PackHost(
                home.map(directory -> directory.resolve("packs")).filter(Files::isDirectory),
                Path.of(System.getProperty("user.home", ""), ".m2", "repository"),
                PackInspector.platform(System.getProperty("os.name", ""), System.getProperty("os.arch", "")),
                child);
    }

    private static PrintWriter writer(FileDescriptor descriptor, boolean unicode) {
        Charset charset = unicode ? StandardCharsets.UTF_8 : StandardCharsets.US_ASCII;
        return new PrintWriter(new OutputStreamWriter(new FileOutputStream(descriptor), charset), true);
    }

    /** Whether the terminal says it shows UTF-8, and nobody asked for plain output. Source: no-color.org for the latter. */
    private static boolean isUnicode(Map<String, String> environment) {
        if (!environment.getOrDefault("NO_COLOR", "").isEmpty()) {
            return false;
        }
        return Stream.of("LC_ALL", "LC_CTYPE", "LANG")
                .map(name -> environment.getOrDefault(name, ""))
                .filter(value -> !value.isEmpty())
                .findFirst()
                .map(value -> value.toLowerCase(Locale.ROOT))
                .filter(value -> value.contains("utf-8") || value.contains("utf8"))
                .isPresent();
    }
}
