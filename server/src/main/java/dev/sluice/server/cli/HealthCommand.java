// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.cli;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code sluice health}: whether a server is well, for scripts and container probes. */
@Command(
        name = "health",
        description = "Tell whether a server is well.",
        mixinStandardHelpOptions = true,
        footer = {"", "Example:", "  sluice health --address http://127.0.0.1:8080 && echo well"})
final class HealthCommand implements Callable<Integer> {
    private final Console console;

    @Option(
            names = "--address",
            paramLabel = "URL",
            defaultValue = "http://127.0.0.1:8080",
            description = "Inference address of the server (default: ${DEFAULT-VALUE}).")
    private String address = "";

    @Mixin
    private TokenOptions tokens = new TokenOptions();

    HealthCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() {
        console.out()
                .println(StatusLine.of(
                        new ServerClient(address, tokens.token(console, address, "inference")).call("GET", "/ping"),
                        false));
        return SluiceCli.OK;
    }
}
