// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.cli;

import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code sluice handler run}: one request through a model's Python handler, with its output and its errors in sight. */
@Command(
        name = "run",
        description = "Send one request through a model's Python handler, without a server.",
        mixinStandardHelpOptions = true,
        exitCodeListHeading = "%nExit codes:%n",
        exitCodeList = {
            "0:the handler answered",
            "1:it failed, or could not be started",
            "2:the command line cannot be used"
        },
        footer = {
            "",
            "The answer goes to standard output, all else to standard error.",
            "",
            "Examples:",
            "  sluice handler run digits.mar --input digit-3.png",
            "  sluice handler run ./my-model --handler handler.py --input request.json",
            "  echo hello | sluice handler run echo.mar --input -",
            "  sluice handler run digits.mar --input digit-3.png --python .venv/bin/python --debugpy 5678"
        })
final class RunHandler implements Callable<Integer> {
    private static final String STANDARD_INPUT = "-";
    private static final int LAST_PORT = 65_535;

    private final Console console;
    private final HandlerRunner runner;

    @Parameters(
            index = "0",
            paramLabel = "MODEL",
            description = "Archive (.mar, .tar.gz), or folder with a model's files.")
    private String model = "";

    @Option(
            names = "--input",
            paramLabel = "FILE",
            required = true,
            description = "The request's body; '-' is standard input.")
    private String input = "";

    @Option(
            names = "--content-type",
            paramLabel = "TYPE",
            description = "Of the body; otherwise what the file's suffix says.")
    private Optional<String> contentType = Optional.empty();

    @Option(
            names = "--name",
            paramLabel = "NAME",
            description = "Send the body as this part of a form, such as 'data'.")
    private Optional<String> part = Optional.empty();

    @Option(names = "--handler", paramLabel = "HANDLER", description = "Instead of the one that the model names.")
    private Optional<String> handler = Optional.empty();

    @Option(
            names = "--python",
            paramLabel = "PROGRAM",
            defaultValue = "python",
            description = "Interpreter: its name or path (default: python, or else python3).")
    private String python = "";

    @Option(
            names = "--gpu-id",
            paramLabel = "N",
            description = "Number of the card that the handler is given (default: none).")
    private Optional<Integer> gpu = Optional.empty();

    @Option(
            names = "--debugpy",
            paramLabel = "[HOST:]PORT",
            description = "Wait for an editor's debugger there before loading; needs the package debugpy.")
    private Optional<String> debugger = Optional.empty();

    @Option(names = "--install", description = "Install what the model requires first.")
    private boolean installs;

    @Option(
            names = "--python-cache-dir",
            paramLabel = "DIR",
            description = "Keep what is installed there for the next run.")
    private Optional<String> cache = Optional.empty();

    RunHandler(Console console, HandlerRunner runner) {
        this.console = console;
        this.runner = runner;
    }

    @Override
    public Integer call() {
        gpu.ifPresent(id -> require(id >= 0, "--gpu-id", id.toString(), "0 or more"));
        debugger.ifPresent(place ->
                require(isPlace(place), "--debugpy", place, "PORT or HOST:PORT, with a port of 1.." + LAST_PORT));
        Path location = path(model, "MODEL");
        require(Files.exists(location), "MODEL", model, "an archive, or a folder with a model's files");
        if (!input.equals(STANDARD_INPUT)) {
            return run(location, readable(input));
        }
        Path copy = copyOfInput();
        try {
            return run(location, copy);
        } finally {
            delete(copy);
        }
    }

    private int run(Path location, Path body) {
        return runner.run(new HandlerRunner.Trial(
                location,
                body,
                contentType,
                part,
                handler,
                python,
                gpu.map(OptionalInt::of).orElseGet(OptionalInt::empty),
                debugger,
                installs,
                cache.map(name -> path(name, "--python-cache-dir"))));
    }

    private Path readable(String name) {
        Path file = path(name, "--input");
        require(Files.isRegularFile(file) && Files.isReadable(file), "--input", name, "a file that can be read, or -");
        return file;
    }

    private Path copyOfInput() {
        try {
            Path copy = Files.createTempFile(console.temporaryDirectory(), "sluice-input-", "");
            copy.toFile().deleteOnExit();
            Files.write(copy, console.in().readAllBytes());
            return copy;
        } catch (IOException e) {
            throw new ServingException(
                    ErrorCode.INVALID_INPUT, "--input: - (expected: standard input that can be read)", e);
        }
    }

    private void delete(Path file) {
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            console.err().println("warning: " + file + " could not be deleted");
        }
    }

    private Path path(String name, String option) {
        try {
            return console.workingDirectory()
                    .resolve(Path.of(name))
                    .toAbsolutePath()
                    .normalize();
        } catch (InvalidPathException e) {
            throw new ServingException(ErrorCode.INVALID_INPUT, option + ": " + name + " (expected: a path)", e);
        }
    }

    private static boolean isPlace(String place) {
        String port = place.substring(place.lastIndexOf(':') + 1);
        boolean hasHost = !place.startsWith(":");
        return hasHost
                && port.matches("\\d{1,5}")
                && Integer.parseInt(port) >= 1
                && Integer.parseInt(port) <= LAST_PORT;
    }

    private static void require(boolean isRight, String option, String value, String expected) {
        if (!isRight) {
            throw new ServingException(
                    ErrorCode.INVALID_INPUT, option + ": " + value + " (expected: " + expected + ")");
        }
    }
}
