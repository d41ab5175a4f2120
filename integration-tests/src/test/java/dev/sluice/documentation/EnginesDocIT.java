// SPDX-License-Identifier: Apache-2.0
package dev.sluice.documentation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.sluice.engine.EngineDescription;
import dev.sluice.engine.EngineProvider;
import dev.sluice.engine.FileSuffixes;
import dev.sluice.engine.PackMember;
import dev.sluice.server.enginepack.EnginePacks;
import dev.sluice.server.enginepack.EnginePacksConfig;
import dev.sluice.server.enginepack.PackInspector;
import dev.sluice.server.enginepack.PackSurvey;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** The part of {@code docs/engines.md} that says what each engine is; what stands above the mark in it is written by hand. */
class EnginesDocIT {
    private static final String MARK = "<!-- Made from what the engines say of themselves. Do not edit below. -->";

    private static final String HOW = "docs/engines.md does not say what the engines do; make it with: mvn verify -pl"
            + " server/distribution,integration-tests -am -Dit.test=EnginesDocIT -Dfailsafe.failIfNoSpecifiedTests=false"
            + " -Dsluice.docs.write=true";

    /** The sizes are those of this platform. */
    private static final String PLATFORM = "linux-x86_64";

    /** Sizes are rounded up to it, so that a few more classes change nothing. */
    private static final long STEP = 5_000_000;

    private final Path engines = path("sluice.distribution").resolve("engines");
    private final EnginePacks packs =
            EnginePacks.find(new EnginePacksConfig(Optional.of(engines), Optional.empty(), 1, PLATFORM));

    @Test
    void saysWhatTheEnginesSay() throws IOException {
        assumeThat(PackInspector.platform(System.getProperty("os.name"), System.getProperty("os.arch")))
                .isEqualTo(PLATFORM);
        Path file = path("sluice.docs").resolve("engines.md");
        String written = Files.readString(file);
        String introduction = written.substring(0, written.indexOf(MARK) + MARK.length());
        String expected = introduction + "\n\n" + String.join("\n", lines()) + "\n";
        if (Boolean.getBoolean("sluice.docs.write")) {
            Files.writeString(file, expected);
        } else {
            assertThat(written).as(HOW).isEqualTo(expected);
        }
    }

    private List<String> lines() {
        List<String> ids = new PackSurvey(Optional.empty(), engines, PLATFORM)
                .ids().stream().filter(id -> !packs.inPack(id).isEmpty()).toList();
        assertThat(ids).contains("onnxruntime", "pytorch");
        List<String> lines = new ArrayList<>(
                List.of("| Engine | Id | Version | Formats | Size | Licence |", "|---|---|---|---|---|---|"));
        for (String id : ids) {
            for (PackMember provider : packs.inPack(id)) {
                EngineDescription it = provider.description();
                lines.add(row(
                        it.title(),
                        "`" + provider.id() + "`",
                        it.version(),
                        String.join("; ", it.formats()),
                        size(id),
                        it.licence()));
            }
        }
        ids.forEach(id -> packs.inPack(id).forEach(provider -> lines.addAll(section(id, provider))));
        return lines;
    }

    private List<String> section(String pack, PackMember provider) {
        EngineDescription it = provider.description();
        List<String> lines = new ArrayList<>(List.of("", "## " + it.title(), "", "| | |", "|---|---|"));
        lines.add(row("Id", "`" + provider.id() + "`"));
        if (!pack.equals(provider.id())) {
            lines.add(row("Pack", "`" + pack + "`"));
        }
        lines.add(row("Version", it.version()));
        lines.add(row("Licence", it.licence()));
        lines.add(row("Formats", String.join("; ", it.formats())));
        if (provider instanceof EngineProvider engine) {
            lines.add(row("Chosen for files named", names(engine)));
        }
        lines.add(row("Size on disk", size(pack)));
        lines.add(row("Devices", String.join("; ", it.devices())));
        lines.add(row("Threads", it.threads()));
        lines.add(row("Not supported", it.notSupported().isEmpty() ? "-" : String.join("; ", it.notSupported())));
        return lines;
    }

    private static String names(EngineProvider engine) {
        return engine.fileSuffixes().isEmpty()
                ? "none; named in the model's configuration"
                : engine.fileSuffixes().stream()
                        .sorted()
                        .map(suffix -> FileSuffixes.isWholeName(suffix) ? "`" + suffix + "`" : "`*" + suffix + "`")
                        .collect(Collectors.joining(", "));
    }

    private static String row(String... cells) {
        List<String> escaped = new ArrayList<>();
        for (String cell : cells) {
            escaped.add(cell.replace("|", "\\|"));
        }
        return "| " + String.join(" | ", escaped) + " |";
    }

    private String size(String pack) {
        long bytes = new PackSurvey(Optional.empty(), engines, PLATFORM)
                .status(pack, false)
                .bytes();
        return (bytes + STEP - 1) / STEP * (STEP / 1_000_000) + " MB";
    }

    private static Path path(String property) {
        return Path.of(Objects.requireNonNull(System.getProperty(property), property));
    }
}
