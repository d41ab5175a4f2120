// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The tables of {@code docs/configuration.md}; what stands above the mark in it is written by hand. */
class ConfigurationDocTest {
    private static final String MARK = "<!-- Made from the list of keys in the code. Do not edit below. -->";
    private static final Path FILE = Path.of("..", "docs", "configuration.md");
    private static final String HOW =
            "docs/configuration.md does not list the keys there are; make it with: mvn test -pl"
                    + " server -am -Dtest=ConfigurationDocTest -Dsurefire.failIfNoSpecifiedTests=false -Dsluice.docs.write=true";

    @Test
    void listsEveryKey() throws IOException {
        String written = Files.readString(FILE);
        String introduction = written.substring(0, written.indexOf(MARK) + MARK.length());
        String expected = introduction + "\n" + String.join("\n", tables()) + "\n";
        if (Boolean.getBoolean("sluice.docs.write")) {
            Files.writeString(FILE, expected);
        } else {
            assertThat(written).as(HOW).isEqualTo(expected);
        }
    }

    private static List<String> tables() {
        List<String> lines = new ArrayList<>();
        lines.addAll(table("## Keys that TorchServe has", ConfigKey::isOriginal));
        lines.addAll(table("## Keys that only Sluice has", key -> !key.isOriginal()));
        lines.addAll(List.of(
                "",
                "## Keys of TorchServe that change nothing",
                "",
                "They are taken, checked for being numbers where they are to be, and named in one line of the log.",
                "",
                "| Key | Kind | Default there | Variable | Why |",
                "|---|---|---|---|---|"));
        Stream.of(ConfigKey.values())
                .filter(key -> !key.hasEffect())
                .map(key -> row(key, key.idleness()))
                .forEach(lines::add);
        return lines;
    }

    private static List<String> table(String heading, Predicate<ConfigKey> belongs) {
        List<String> lines = new ArrayList<>(
                List.of("", heading, "", "| Key | Kind | Default | Variable | What |", "|---|---|---|---|---|"));
        Stream.of(ConfigKey.values())
                .filter(ConfigKey::hasEffect)
                .filter(belongs)
                .map(key -> row(key, key.effect()))
                .forEach(lines::add);
        return lines;
    }

    private static String row(ConfigKey key, String last) {
        return "| `" + key.key() + "` | " + key.kind().name().toLowerCase(Locale.ROOT) + " | "
                + (key.fallback().isEmpty() ? "-" : "`" + key.fallback() + "`") + " | "
                + key.originalVariable().map(name -> "`" + name + "`").orElse("-") + " | " + last.replace("|", "\\|")
                + " |";
    }
}
