// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.cli;

import dev.sluice.server.enginepack.PackStatus;
import dev.sluice.server.enginepack.PackSurvey;
import dev.sluice.server.enginepack.install.ArtifactSources;
import dev.sluice.server.enginepack.install.Megabytes;
import dev.sluice.server.enginepack.install.PackInstaller;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code sluice engines add}. */
@Command(
        name = "add",
        description = "Fill an engine pack from a Maven repository, and test it.",
        mixinStandardHelpOptions = true,
        footer = {
            "",
            "Examples:",
            "  sluice engines add pytorch",
            "  sluice engines add pytorch --from https://repository.example.com/maven2",
            "  sluice engines add pytorch --from /media/usb/repository",
            "",
            "Every file is compared with the SHA-256 this version was built with before it is used. A proxy is named",
            "in SLUICE_JAVA_OPTS: -Dhttps.proxyHost=HOST -Dhttps.proxyPort=PORT."
        })
final class AddEngine implements Callable<Integer> {
    private final Console console;

    @Parameters(paramLabel = "ID", description = "The pack, as 'sluice engines list' names it.")
    private String id = "";

    @Option(
            names = "--from",
            paramLabel = "REPOSITORY",
            description = "Address or directory of a Maven repository (default: ~/.m2/repository, then Maven Central).")
    private Optional<String> from = Optional.empty();

    @Mixin
    private EnginesOptions engines = new EnginesOptions();

    AddEngine(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() {
        Path directory = engines.directory(console);
        PackSurvey survey = engines.survey(console);
        Path description = survey.description(id);
        PackInstaller installer = new PackInstaller(directory, console.packs().platform(), this::tell);
        if (installer.isReady(id)) {
            tell(id + " is installed already; 'sluice engines remove " + id + "' removes it.");
        } else {
            installer.add(
                    description,
                    ArtifactSources.of(from, console.packs().localRepository(), console.workingDirectory()));
        }
        PackStatus status = survey.status(id, false);
        tell(status.title() + " " + status.version() + " is in " + directory.resolve(id) + ", "
                + Megabytes.of(status.bytes()) + ".");
        tell(EngineTests.run(console, directory, id));
        tell("Servers find it when they start.");
        return SluiceCli.OK;
    }

    private void tell(String line) {
        console.out().println(line);
        console.out().flush();
    }
}
