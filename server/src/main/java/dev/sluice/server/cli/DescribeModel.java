// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code sluice models describe}. */
@Command(
        name = "describe",
        description = "Show one version of a model, or all.",
        mixinStandardHelpOptions = true,
        footer = {"", "Examples:", "  sluice models describe digits", "  sluice models describe digits all --json"})
final class DescribeModel implements Callable<Integer> {
    private final Console console;

    @Mixin
    private ManagementOptions server = new ManagementOptions();

    @Parameters(index = "0", paramLabel = "MODEL", description = "Name of the model.")
    private String model = "";

    @Parameters(
            index = "1",
            arity = "0..1",
            paramLabel = "VERSION",
            description = "A version, or 'all'; the default version if left out.")
    private Optional<String> version = Optional.empty();

    DescribeModel(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() {
        byte[] answer = server.client(console).call("GET", ModelPath.of(model, version));
        if (server.isJson()) {
            console.out().println(new String(answer, StandardCharsets.UTF_8));
        } else {
            ServerClient.json(answer).forEach(this::show);
        }
        return SluiceCli.OK;
    }

    private void show(JsonNode version) {
        version.properties().forEach(field -> {
            if (!field.getKey().equals("workers")) {
                console.out().printf("%-20s %s%n", field.getKey(), text(field.getValue()));
            }
        });
        TextTable workers = new TextTable("WORKER", "STATUS", "SINCE");
        version.path("workers")
                .forEach(worker -> workers.row(
                        worker.path("id").asText(),
                        worker.path("status").asText(),
                        worker.path("startTime").asText()));
        if (version.path("workers").isEmpty()) {
            console.out().println("No workers. Add some with 'sluice models scale " + model + " --min 1'.");
        } else {
            console.out().println(workers);
        }
        console.out().println();
    }

    private static String text(JsonNode value) {
        return value.isValueNode() ? value.asText() : value.toString();
    }
}
