// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.cli;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code sluice models register}. */
@Command(
        name = "register",
        description = "Register a model that lies in the server's model store.",
        mixinStandardHelpOptions = true,
        footer = {
            "",
            "Examples:",
            "  sluice models register digits.mar --workers 2",
            "  sluice models register digits-v2.mar --name digits --batch-size 8 --max-batch-delay 5",
            "",
            "The server must run with --enable-model-api."
        })
final class RegisterModelCommand implements Callable<Integer> {
    private final Console console;

    @Mixin
    private ManagementOptions server = new ManagementOptions();

    @Parameters(index = "0", paramLabel = "MODEL", description = "File or directory in the model store.")
    private String location = "";

    @Option(names = "--name", paramLabel = "NAME", description = "Instead of the name in its manifest.")
    private Optional<String> name = Optional.empty();

    @Option(names = "--handler", paramLabel = "NAME", description = "Instead of the handler in its manifest.")
    private Optional<String> handler = Optional.empty();

    @Option(names = "--workers", paramLabel = "N", description = "Instances to start.")
    private Optional<Integer> workers = Optional.empty();

    @Option(names = "--batch-size", paramLabel = "N", description = "Most requests in one batch.")
    private Optional<Integer> batchSize = Optional.empty();

    @Option(names = "--max-batch-delay", paramLabel = "MS", description = "Longest wait for a batch to fill.")
    private Optional<Integer> maxBatchDelay = Optional.empty();

    @Option(names = "--response-timeout", paramLabel = "S", description = "Longest time a batch may take.")
    private Optional<Integer> responseTimeout = Optional.empty();

    @Option(names = "--no-wait", description = "Return before the instances run.")
    private boolean noWait;

    RegisterModelCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() {
        Map<String, String> parameters = new LinkedHashMap<>();
        parameters.put("url", location);
        name.ifPresent(value -> parameters.put("model_name", value));
        handler.ifPresent(value -> parameters.put("handler", value));
        put(parameters, "initial_workers", workers);
        put(parameters, "batch_size", batchSize);
        put(parameters, "max_batch_delay", maxBatchDelay);
        put(parameters, "response_timeout", responseTimeout);
        parameters.put("synchronous", String.valueOf(!noWait));
        byte[] answer = server.client(console).call("POST", "/models" + ServerClient.query(parameters));
        console.out().println(StatusLine.of(answer, server.isJson()));
        return SluiceCli.OK;
    }

    private static void put(Map<String, String> parameters, String name, Optional<Integer> value) {
        value.ifPresent(number -> parameters.put(name, String.valueOf(number)));
    }
}
