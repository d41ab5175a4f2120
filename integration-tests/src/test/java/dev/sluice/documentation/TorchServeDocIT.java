// SPDX-License-Identifier: Apache-2.0
package dev.sluice.documentation;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaMethod;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import dev.sluice.conformance.Checklist;
import dev.sluice.conformance.Row;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/**
 * The part of {@code docs/protocols/torchserve.md} that goes through the checklist; what stands above the mark in it is written by
 * hand. It holds the list and the tests together: a row that works has a test that says so, one that does not has a reason.
 */
class TorchServeDocIT {
    private static final String MARK =
            "<!-- Made from the checklist and the tests that show its rows. Do not edit below. -->";

    private static final String HOW =
            "docs/protocols/torchserve.md does not say what the checklist says; make it with: mvn verify"
                    + " -pl server/distribution,integration-tests -am -Dit.test=TorchServeDocIT"
                    + " -Dfailsafe.failIfNoSpecifiedTests=false -Dsluice.docs.write=true";

    private final Checklist checklist = Checklist.read("torchserve");
    private final Map<Integer, Set<String>> tests = testsByRow();

    private static Map<Integer, Set<String>> testsByRow() {
        Map<Integer, Set<String>> tests = new TreeMap<>();
        new ClassFileImporter()
                .importPackages("dev.sluice").stream()
                        .flatMap(type -> type.getMethods().stream())
                        .filter(method -> method.isAnnotatedWith(Row.class))
                        .forEach(method -> add(tests, method));
        return tests;
    }

    private static void add(Map<Integer, Set<String>> tests, JavaMethod method) {
        for (int row : method.getAnnotationOfType(Row.class).value()) {
            tests.computeIfAbsent(row, unused -> new TreeSet<>())
                    .add(method.getOwner().getSimpleName() + "." + method.getName());
        }
    }

    @Test
    void everyRowThatWorksHasATestAndEveryOtherAReason() {
        assertThat(checklist.rows()).hasSizeGreaterThan(80).allSatisfy(line -> {
            boolean shown = tests.containsKey(line.row());
            assertThat(shown)
                    .as("row %d, %s, is shown by a test", line.row(), line.feature())
                    .isEqualTo(line.result() != Checklist.Result.LATER);
            if (line.result() != Checklist.Result.PASS) {
                assertThat(line.why()).as("why row %d differs", line.row()).isNotEmpty();
            }
        });
        assertThat(checklist.rows()).extracting(Checklist.Line::row).containsAll(tests.keySet());
    }

    @Test
    void saysWhatTheChecklistSays() throws IOException {
        Path file = Path.of(Objects.requireNonNull(System.getProperty("sluice.docs")))
                .resolve("protocols/torchserve.md");
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
        List<String> lines = new ArrayList<>(List.of(
                "## The checklist",
                "",
                summary(),
                "",
                "| # | Feature | Priority | Check | Result | Shown by, and why it differs |",
                "|---|---|---|---|---|---|"));
        checklist.rows().forEach(line -> lines.add(row(line)));
        return lines;
    }

    private String summary() {
        Map<Checklist.Result, Long> counts = checklist.rows().stream()
                .collect(Collectors.groupingBy(Checklist.Line::result, TreeMap::new, Collectors.counting()));
        return "Of %d rows %d pass, %d differ on purpose and %d come later. C is core, I important, R rare."
                .formatted(
                        checklist.rows().size(),
                        counts.getOrDefault(Checklist.Result.PASS, 0L),
                        counts.getOrDefault(Checklist.Result.DIFFERS, 0L),
                        counts.getOrDefault(Checklist.Result.LATER, 0L));
    }

    private String row(Checklist.Line line) {
        String shown = tests.getOrDefault(line.row(), Set.of()).stream()
                .map(test -> "`" + test + "`")
                .collect(Collectors.joining(", "));
        String separator = shown.isEmpty() || line.why().isEmpty() ? "" : "; ";
        return String.join(
                " | ",
                "| " + line.row(),
                line.feature(),
                line.priority(),
                line.check().replace("|", "\\|"),
                line.result().name().toLowerCase(Locale.ROOT),
                shown + separator + line.why().replace("|", "\\|") + " |");
    }
}
