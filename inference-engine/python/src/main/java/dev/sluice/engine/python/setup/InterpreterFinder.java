// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.python.setup;

import dev.sluice.engine.NativeMessage;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The interpreter that the operator means; asked once what it is, and again only if that failed.
 *
 * <p><b>Threads:</b> safe from any thread.
 */
final class InterpreterFinder {
    private static final Logger LOG = LoggerFactory.getLogger(InterpreterFinder.class);
    private static final int OLDEST_MINOR = 9;
    private static final Duration ANSWERS_WITHIN = Duration.ofSeconds(30);

    /** Four lines; in words that Python 2 understands as well, so that it can be refused by its version. */
    private static final String QUESTION = """
            import sys, sysconfig
            print('.'.join(str(part) for part in sys.version_info[:3]))
            print(sys.executable or '-')
            print(sysconfig.get_platform())
            print(sys.prefix)
            """;

    private final String wanted;
    private final Map<String, String> variables;

    /** Written under the lock of this. */
    private @Nullable PythonInterpreter found;

    InterpreterFinder(EnvironmentSettings settings) {
        this.wanted = settings.interpreter();
        this.variables = settings.serverVariables();
    }

    /** @throws ServingException {@code LOAD_FAILED} if there is none, or none that can be used */
    synchronized PythonInterpreter find() {
        PythonInterpreter known = found;
        if (known == null) {
            known = asked(program());
            LOG.info("Python {} at {}", known.version(), known.program());
            found = known;
        }
        return known;
    }

    private Path program() {
        List<String> names = wanted.equals(EnvironmentSettings.ANY_INTERPRETER) ? List.of("python", "python3") : List.of(wanted);
        return names.stream()
                .flatMap(name -> located(name).stream())
                .findFirst()
                .orElseThrow(() -> refusal("there is no such program"));
    }

    private Optional<Path> located(String name) {
        try {
            if (name.indexOf(File.separatorChar) >= 0) {
                return Optional.of(Path.of(name).toAbsolutePath()).filter(Files::isExecutable);
            }
            return Arrays.stream(variables.getOrDefault("PATH", "").split(File.pathSeparator))
                    .filter(folder -> !folder.isEmpty())
                    .map(folder -> Path.of(folder).toAbsolutePath().resolve(name))
                    .filter(file -> Files.isRegularFile(file) && Files.isExecutable(file))
                    .findFirst();
        } catch (InvalidPathException e) {
            return Optional.empty();
        }
    }

    private PythonInterpreter asked(Path program) {
        CommandRun.Result result = new CommandRun(List.of(program.toString(), "-c", QUESTION))
                .with(variables)
                .within(ANSWERS_WITHIN)
                .run(line -> LOG.debug("{}: {}", program, line));
        List<String> lines = result.lastLines();
        if (!result.isSuccess() || lines.size() < 4) {
            throw refusal("it did not say its version: " + String.join(" ", lines));
        }
        List<String> answer = lines.subList(lines.size() - 4, lines.size());
        String version = answer.get(0);
        if (!isUsable(version)) {
            throw refusal("it is Python " + version);
        }
        // Asking a script that looks for the interpreter anew at each start takes as long again as the start itself.
        Path self = Stream.of(answer.get(1))
                .filter(path -> !path.equals("-"))
                .map(Path::of)
                .filter(Files::isExecutable)
                .findFirst()
                .orElse(program);
        return new PythonInterpreter(self, version, String.join("\n", answer));
    }

    private static boolean isUsable(String version) {
        String[] parts = version.split("\\.", -1);
        return parts.length == 3
                && parts[0].equals("3")
                && parts[1].matches("\\d{1,4}")
                && Integer.parseInt(parts[1]) >= OLDEST_MINOR;
    }

    private ServingException refusal(String found) {
        String name = wanted.substring(wanted.lastIndexOf(File.separatorChar) + 1);
        return new ServingException(
                ErrorCode.LOAD_FAILED,
                "python: " + name + ": " + NativeMessage.clean(found) + " (expected: Python 3." + OLDEST_MINOR
                        + " or newer; the setting 'python' takes a name or a path)");
    }
}
