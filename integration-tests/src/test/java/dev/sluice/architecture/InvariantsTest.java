// SPDX-License-Identifier: Apache-2.0
package dev.sluice.architecture;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Seen to fail: on a promise without a test, and on a test that was renamed. */
class InvariantsTest {
    private static final Pattern ROW = Pattern.compile("\\| (I\\d+) \\|[^|]*\\|([^|]*)\\|");
    private static final Pattern TEST = Pattern.compile("`(\\w+)\\.(\\w+)`");
    private static final int INVARIANTS = 19;

    /** Surefire runs in the module's folder. */
    private final Path root = Path.of("..").toAbsolutePath().normalize();

    @Test
    void everyPromiseHasTestsAndTheyExist() throws IOException {
        Map<String, List<String>> named = new TreeMap<>();
        Matcher rows = ROW.matcher(Files.readString(root.resolve("docs/invariants.md")));
        while (rows.find()) {
            List<String> tests = named.computeIfAbsent(rows.group(1), row -> new ArrayList<>());
            Matcher test = TEST.matcher(rows.group(2));
            while (test.find()) {
                tests.add(test.group(1) + "." + test.group(2));
            }
        }

        assertThat(named)
                .hasSize(INVARIANTS)
                .allSatisfy((invariant, tests) -> assertThat(tests)
                        .isNotEmpty()
                        .allSatisfy(test -> assertThat(exists(test)).as(test).isTrue()));
    }

    private boolean exists(String test) {
        String[] parts = test.split("\\.", 2);
        return Stream.of("inference-engine/core", "inference-engine/handlers", "server")
                .map(module -> root.resolve(module).resolve("src/test/java"))
                .flatMap(InvariantsTest::files)
                .filter(file -> file.endsWith(parts[0] + ".java"))
                .anyMatch(file -> read(file).contains("void " + parts[1] + "("));
    }

    private static Stream<Path> files(Path tree) {
        try (Stream<Path> files = Files.walk(tree)) {
            return files.toList().stream();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
