// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.cli;

import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code sluice predict}: sends each file to a model and prints the answers. */
@Command(
        name = "predict",
        description = "Send files to a model and print its answers.",
        mixinStandardHelpOptions = true,
        footer = {
            "",
            "Examples:",
            "  sluice predict digits digit-3.png",
            "  sluice predict digits *.png",
            "  echo '[[1.0, 2.0]]' | sluice predict regression - --content-type application/json"
        })
final class PredictCommand implements Callable<Integer> {
    private static final String STANDARD_INPUT = "-";
    private static final Map<String, String> CONTENT_TYPES = Map.of(
            "png", "image/png",
            "jpg", "image/jpeg",
            "jpeg", "image/jpeg",
            "gif", "image/gif",
            "bmp", "image/bmp",
            "json", "application/json",
            "txt", "text/plain; charset=utf-8");

    private final Console console;

    @Parameters(index = "0", paramLabel = "MODEL", description = "Name of the model.")
    private String model = "";

    @Parameters(
            index = "1..*",
            arity = "1..*",
            paramLabel = "FILE",
            description = "What to send; '-' is standard input.")
    private List<String> files = List.of();

    @Option(names = "--model-version", paramLabel = "VERSION", description = "The default version if left out.")
    private Optional<String> version = Optional.empty();

    @Option(names = "--content-type", paramLabel = "TYPE", description = "Instead of what the file's suffix says.")
    private Optional<String> contentType = Optional.empty();

    @Option(
            names = "--address",
            paramLabel = "URL",
            defaultValue = "http://127.0.0.1:8080",
            description = "Inference address of the server (default: ${DEFAULT-VALUE}).")
    private String address = "";

    @Mixin
    private TokenOptions tokens = new TokenOptions();

    PredictCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() {
        ServerClient client = new ServerClient(address, tokens.token(console, address, "inference"));
        String path = "/predictions/" + ServerClient.segment(model)
                + version.map(it -> "/" + ServerClient.segment(it)).orElse("");
        for (String file : files) {
            String type = contentType.orElseGet(() -> typeOf(file));
            byte[] answer = client.post(path, content(file), type);
            if (files.size() > 1) {
                console.out().println(file + ":");
            }
            console.out().println(new String(answer, StandardCharsets.UTF_8));
        }
        return SluiceCli.OK;
    }

    private byte[] content(String file) {
        try {
            return file.equals(STANDARD_INPUT)
                    ? console.in().readAllBytes()
                    : Files.readAllBytes(console.workingDirectory().resolve(Path.of(file)));
        } catch (IOException | InvalidPathException e) {
            throw new ServingException(
                    ErrorCode.INVALID_INPUT, "FILE: " + file + " (expected: a file that can be read, or -)", e);
        }
    }

    private static String typeOf(String file) {
        String suffix = file.substring(file.lastIndexOf('.') + 1).toLowerCase(Locale.ROOT);
        return CONTENT_TYPES.getOrDefault(suffix, "application/octet-stream");
    }
}
