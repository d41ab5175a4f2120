// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.cli;

import dev.sluice.server.config.ConfigKey;
import dev.sluice.server.config.ConfigSurvey;
import dev.sluice.server.config.ConfigSurvey.Trail;
import dev.sluice.server.config.ServerConfig;
import dev.sluice.server.config.Setting;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/**
 * {@code sluice config explain}: every setting a server with these flags would have, where it comes from, and which values lost
 * to it. Starts nothing.
 */
@Command(
        name = "explain",
        description = "Say which settings a server started with these flags would have, and where each comes from.",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        footer = {
            "",
            "Examples:",
            "  sluice config explain",
            "  sluice config explain -f config.properties --set job_queue_size=50",
            "  sluice config explain --all",
            "  sluice config explain inference_address management_address",
            "",
            "The exit code is 2 when a server would not start with this; all that is wrong is listed."
        })
final class ExplainSettings implements Callable<Integer> {
    private static final int LONGEST_VALUE = 80;
    private static final String MASK = "***";

    private final Console console;
    private final ServerLauncher launcher;

    @Mixin
    private ServeOptions options = new ServeOptions();

    @Option(names = "--all", description = "The defaults, too.")
    private boolean all;

    @Parameters(arity = "0..*", paramLabel = "KEY", description = "Only these.")
    private List<String> keys = List.of();

    ExplainSettings(Console console, ServerLauncher launcher) {
        this.console = console;
        this.launcher = launcher;
    }

    @Override
    public Integer call() {
        ConfigSurvey survey = options.sources(console, launcher.savedSettings()).survey();
        List<String> problems = new ArrayList<>(survey.problems());
        Set<ConfigKey> wanted = wanted(survey, problems);
        problems.addAll(ServerConfig.problems(survey.values(), ServeOptions.surroundings(console)));
        print(survey, wanted);
        survey.warnings().forEach(warning -> console.err().println("warning: " + warning));
        problems.forEach(problem -> console.err().println("error: " + problem));
        return problems.isEmpty() ? SluiceCli.OK : SluiceCli.USAGE;
    }

    private Set<ConfigKey> wanted(ConfigSurvey survey, List<String> problems) {
        Set<ConfigKey> wanted = new LinkedHashSet<>();
        for (String name : keys) {
            ConfigKey.named(name)
                    .ifPresentOrElse(
                            wanted::add,
                            () -> problems.add("no such key: " + name + " (expected: one of sluice config keys)"));
        }
        if (keys.isEmpty()) {
            Stream.of(ConfigKey.values())
                    .filter(key -> all || survey.trails().containsKey(key))
                    .forEach(wanted::add);
        }
        return wanted;
    }

    private void print(ConfigSurvey survey, Set<ConfigKey> wanted) {
        if (wanted.isEmpty()) {
            if (keys.isEmpty()) {
                console.out().println("Everything has its default; --all shows them.");
            }
            return;
        }
        TextTable table = new TextTable("KEY", "VALUE", "ORIGIN", "EFFECT");
        for (ConfigKey key : wanted) {
            Trail trail = survey.trails().getOrDefault(key, new Trail(Optional.empty(), List.of()));
            table.row(
                    key.key(),
                    shown(key, trail.winner().map(Setting::value).orElse(key.fallback())),
                    trail.winner().map(Setting::origin).orElse("default"),
                    key.hasEffect() ? key.effect() : "nothing: " + key.idleness());
            trail.losers()
                    .forEach(loser -> table.row(
                            "",
                            shown(key, loser.setting().value()),
                            "  also " + loser.setting().origin(),
                            "ignored: " + loser.why()));
        }
        console.out().println(table);
    }

    private static String shown(ConfigKey key, String value) {
        if (value.isEmpty()) {
            return "-";
        }
        if (key.isSecret()) {
            return MASK;
        }
        String line = value.replaceAll("\\s+", " ");
        return line.length() <= LONGEST_VALUE ? line : line.substring(0, LONGEST_VALUE - 3) + "...";
    }
}
