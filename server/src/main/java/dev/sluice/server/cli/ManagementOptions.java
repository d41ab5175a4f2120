// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.cli;

import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Options of every verb that talks to a server's management address. */
final class ManagementOptions {
    @Option(
            names = "--address",
            paramLabel = "URL",
            defaultValue = "http://127.0.0.1:8081",
            description = "Management address of the server (default: ${DEFAULT-VALUE}).")
    private String address = "";

    @Option(names = "--json", description = "Print the server's answer as it is.")
    private boolean json;

    @Mixin
    private TokenOptions tokens = new TokenOptions();

    ServerClient client(Console console) {
        return new ServerClient(address, tokens.token(console, address, "management"));
    }

    boolean isJson() {
        return json;
    }
}
