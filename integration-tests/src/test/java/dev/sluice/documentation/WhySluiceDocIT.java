// SPDX-License-Identifier: Apache-2.0
package dev.sluice.documentation;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** {@code docs/why-sluice.md} goes through all that was wanted, and names only tests there are. */
class WhySluiceDocIT {
    private static final Pattern NUMBER = Pattern.compile("(?m)^\\| (\\d+) \\| ");
    private static final Pattern TEST = Pattern.compile("`([A-Z]\\w*(?:Test|IT))(?:\\.(\\w+))?`");
    private static final int LAST = 40;

    private final Path docs = Path.of(Objects.requireNonNull(System.getProperty("sluice.docs")));

    @Test
    void goesThroughEveryRow() throws IOException {
        List<Integer> numbers = NUMBER.matcher(Files.readString(docs.resolve("why-sluice.md")))
                .results()
                .map(found -> Integer.valueOf(found.group(1)))
                .toList();

        assertThat(numbers)
                .containsExactlyElementsOf(
                        IntStream.rangeClosed(1, LAST).boxed().toList());
    }

    @Test
    void namesOnlyTestsThereAre() throws IOException {
        Map<String, String> sources = sources();
        Matcher named = TEST.matcher(Files.readString(docs.resolve("why-sluice.md")));
        List<String> missing = new ArrayList<>();
        for (MatchResult test : named.results().toList()) {
            String source = sources.getOrDefault(test.group(1), "");
            boolean there = test.group(2) == null ? !source.isEmpty() : source.contains(" " + test.group(2) + "(");
            if (!there) {
                missing.add(test.group());
            }
        }
        assertThat(missing).isEmpty();
    }

    /** The text of each test class of the checkout, by its name. */
    private Map<String, String> sources() throws IOException {
        Map<String, String> sources = new TreeMap<>();
        try (Stream<Path> files = Files.walk(docs.resolveSibling(""))) {
            for (Path file : files.filter(WhySluiceDocIT::isTestSource).toList()) {
                String name = String.valueOf(file.getFileName());
                sources.put(name.substring(0, name.length() - ".java".length()), Files.readString(file));
            }
        }
        return sources;
    }

    private static boolean isTestSource(Path file) {
        String path = file.toString();
        return path.endsWith(".java") && path.contains("/src/test/java/") && !path.contains("/target/");
    }
}
