// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.Pattern;
import picocli.CommandLine.Option;

/**
 * How a verb that talks to a server proves that it may: by an option, by a variable, or by the key file in the working
 * directory. The file is for servers on this machine; it goes to no other, whatever address is given.
 */
final class TokenOptions {
    private static final String VARIABLE = "SLUICE_TOKEN";
    private static final String KEY_FILE = "key_file.json";
    private static final Pattern THIS_MACHINE =
            Pattern.compile("localhost|127(?:\\.\\d{1,3}){3}|\\[(?:::1|0:0:0:0:0:0:0:1)]");

    @Option(
            names = "--token",
            paramLabel = "TOKEN",
            description =
                    "Token of the server (default: the variable SLUICE_TOKEN, which others on this machine do not see,"
                            + " or the key_file.json in this directory).")
    private Optional<String> token = Optional.empty();

    /** The token to send to {@code address}, where one of {@code kind} is wanted. */
    Optional<String> token(Console console, String address, String kind) {
        return token.or(() -> Optional.ofNullable(console.environment().get(VARIABLE)))
                .filter(given -> !given.isBlank())
                .or(() -> isThisMachine(address)
                        ? fromFile(console.workingDirectory().resolve(KEY_FILE), kind)
                        : Optional.empty());
    }

    private static boolean isThisMachine(String address) {
        try {
            String host = URI.create(address).getHost();
            return host != null && THIS_MACHINE.matcher(host).matches();
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    private static Optional<String> fromFile(Path file, String kind) {
        if (!Files.isReadable(file)) {
            return Optional.empty();
        }
        try {
            JsonNode key =
                    ServerClient.json(Files.readAllBytes(file)).path(kind).path("key");
            return Optional.of(key.asText()).filter(text -> !text.isEmpty());
        } catch (IOException e) {
            return Optional.empty();
        }
    }
}
