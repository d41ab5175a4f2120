// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server;

import dev.sluice.server.cli.Console;
import dev.sluice.server.cli.SluiceCli;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.OutputStreamWriter;
import java.io.PrintWriter;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The program: gathers what the process was given, runs the command line, and ends the process with its exit code.
 *
 * <p>System properties the launcher sets: {@code sluice.home}, the unpacked distribution; {@code sluice.demo}, the digits
 * model, when it is not in {@code demo} below that.
 */
public final class Main {
    private Main() {}

    public static void main(String[] args) {
        Console console = console(System.getenv());
        int code = SluiceCli.create(console, new ProcessLauncher(console.version()))
                .execute(args);
        console.out().flush();
        console.err().flush();
        System.exit(code);
    }

    private static Console console(Map<String, String> environment) {
        boolean unicode = isUnicode(environment);
        Optional<Path> home =
                Optional.ofNullable(System.getProperty("sluice.home")).map(Path::of);
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
                InstantSource.system(),
                Version.read());
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
