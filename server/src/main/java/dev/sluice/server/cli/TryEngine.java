// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.cli;

import dev.sluice.engine.EngineProvider;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.server.enginepack.EnginePacks;
import dev.sluice.server.enginepack.EnginePacksConfig;
import dev.sluice.server.enginepack.PackSurvey;
import dev.sluice.server.enginepack.TrialRun;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code sluice engines try}: what {@code test} and {@code add} run in a process of its own. */
@Command(name = TryEngine.NAME, description = "Try the engines of one pack in this process.", hidden = true)
final class TryEngine implements Callable<Integer> {
    static final String NAME = "try";

    private final Console console;

    @Parameters(paramLabel = "ID")
    private String id = "";

    @Mixin
    private EnginesOptions engines = new EnginesOptions();

    TryEngine(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() {
        Path directory = engines.directory(console);
        String reason = new PackSurvey(
                        Optional.empty(), directory, console.packs().platform())
                .status(id, false)
                .reason();
        if (!reason.isEmpty()) {
            throw new ServingException(ErrorCode.FAILED_PRECONDITION, "engine pack " + id + ": " + reason);
        }
        EnginePacks packs = EnginePacks.find(new EnginePacksConfig(
                Optional.of(directory), Optional.empty(), 1, console.packs().platform()));
        if (!packs.offersEngines(id)) {
            console.out().println(id + " is there; it holds no engine of its own to try");
            return SluiceCli.OK;
        }
        List<EngineProvider> providers = packs.inPack(id);
        if (providers.isEmpty()) {
            throw new ServingException(
                    ErrorCode.FAILED_PRECONDITION, "engine pack " + id + " holds no engine this server can open");
        }
        // The process was given a directory of its own to work in.
        TrialRun trial = new TrialRun(packs, console.workingDirectory());
        providers.forEach(provider -> console.out().println(trial.run(provider)));
        return SluiceCli.OK;
    }
}
