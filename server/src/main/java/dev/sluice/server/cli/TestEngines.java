// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.cli;

import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.server.enginepack.PackSurvey;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code sluice engines test}. */
@Command(
        name = "test",
        description = "Have installed engines run the tiny model each of them carries.",
        mixinStandardHelpOptions = true,
        footer = {
            "",
            "Examples:",
            "  sluice engines test",
            "  sluice engines test onnxruntime",
            "",
            "The exit code is 1 when one of them fails."
        })
final class TestEngines implements Callable<Integer> {
    private final Console console;

    @Parameters(arity = "0..1", paramLabel = "ID", description = "The pack (default: all that are installed).")
    private Optional<String> id = Optional.empty();

    @Mixin
    private EnginesOptions engines = new EnginesOptions();

    TestEngines(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() {
        Path directory = engines.directory(console);
        int code = SluiceCli.OK;
        for (String each : chosen(engines.survey(console))) {
            try {
                console.out().println(EngineTests.run(console, directory, each));
            } catch (ServingException e) {
                console.err().println("error: " + each + ": " + e.safeMessage());
                code = SluiceCli.FAILED;
            }
            console.out().flush();
        }
        return code;
    }

    private Collection<String> chosen(PackSurvey survey) {
        Collection<String> installed = survey.installed();
        if (id.isPresent() && !installed.contains(id.get())) {
            throw new ServingException(
                    ErrorCode.INVALID_INPUT,
                    "engine pack: " + id.get() + " (expected: one that is installed: " + String.join(", ", installed)
                            + ")");
        }
        return id.isPresent() ? List.of(id.get()) : installed;
    }
}
