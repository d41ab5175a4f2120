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

/** {@code sluice models scale}. */
@Command(
        name = "scale",
        description = "Change the number of instances of a model.",
        mixinStandardHelpOptions = true,
        footer = {
            "",
            "Examples:",
            "  sluice models scale digits --min 2",
            "  sluice models scale digits 1.0 --min 0 --max 0"
        })
final class ScaleModel implements Callable<Integer> {
    private final Console console;

    @Mixin
    private ManagementOptions server = new ManagementOptions();

    @Parameters(index = "0", paramLabel = "MODEL", description = "Name of the model.")
    private String model = "";

    @Parameters(index = "1", arity = "0..1", paramLabel = "VERSION", description = "The default version if left out.")
    private Optional<String> version = Optional.empty();

    @Option(names = "--min", paramLabel = "N", description = "Instances that are kept; 1 if left out.")
    private Optional<Integer> min = Optional.empty();

    @Option(names = "--max", paramLabel = "N", description = "Instances there may be; as --min if left out.")
    private Optional<Integer> max = Optional.empty();

    @Option(names = "--no-wait", description = "Return before the instances run.")
    private boolean noWait;

    ScaleModel(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() {
        Map<String, String> parameters = new LinkedHashMap<>();
        min.ifPresent(number -> parameters.put("min_worker", String.valueOf(number)));
        max.ifPresent(number -> parameters.put("max_worker", String.valueOf(number)));
        parameters.put("synchronous", String.valueOf(!noWait));
        byte[] answer =
                server.client(console).call("PUT", ModelPath.of(model, version) + ServerClient.query(parameters));
        console.out().println(StatusLine.of(answer, server.isJson()));
        return SluiceCli.OK;
    }
}
