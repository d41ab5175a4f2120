// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.yaml;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SafeYamlTest {
    @Test
    void readsPlainValues() {
        Map<String, Object> read = SafeYaml.parse("a: 1\nb: [x, 2.5, True]\nc: {d: e}\nf: null\n");

        assertThat(read).isEqualTo(Map.of("a", 1, "b", List.of("x", 2.5, true), "c", Map.of("d", "e")));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "---\n", "# nothing\n", "~"})
    void takesAnEmptyDocumentForAnEmptyMapping(String text) {
        assertThat(SafeYaml.parse(text)).isEmpty();
    }

    @Test
    void givesNothingThatCanBeChanged() {
        Map<String, Object> read = SafeYaml.parse("a: {b: 1}");

        assertThatThrownBy(() -> read.put("c", 1)).isInstanceOf(UnsupportedOperationException.class);
        assertThat(read.get("a"))
                .isInstanceOfSatisfying(
                        Map.class,
                        nested -> assertThatThrownBy(nested::clear).isInstanceOf(UnsupportedOperationException.class));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "- 1",
                "just text",
                "a: 1\na: 2",
                "a: [1",
                "a: !!javax.script.ScriptEngineManager [x]",
                "a: &x [*x]",
                "a: 1\n---\nb: 2"
            })
    void refusesWhatIsNoSingleMapping(String text) {
        assertRefused(text);
    }

    @Test
    void refusesAliasesThatMultiply() {
        StringBuilder bomb = new StringBuilder("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
        for (int i = 1; i < 9; i++) {
            String items = String.join(",", Collections.nCopies(10, "*a" + (i - 1)));
            bomb.append("a" + i + ": &a" + i + " [" + items + "]\n");
        }

        assertRefused(bomb.toString());
    }

    @Test
    void refusesAFewAliasesThatStandForTooMuch() {
        String items = String.join(",", Collections.nCopies(4_000, "1"));

        assertRefused("a: &a [" + items + "]\nb: *a\nc: *a\n");
    }

    @Test
    void refusesDeepNesting() {
        assertRefused("a: " + "[".repeat(40) + "]".repeat(40));
        assertRefused("a: " + "[".repeat(20_000) + "]".repeat(20_000));
    }

    @Test
    void refusesALongFile(@TempDir Path folder) throws IOException {
        Path file = Files.writeString(folder.resolve("long.yaml"), "a: " + "x".repeat(300_000));

        assertThatThrownBy(() -> SafeYaml.read(file)).hasMessageContaining("262144");
    }

    @Test
    void refusesBytesThatAreNotText(@TempDir Path folder) throws IOException {
        Path file = Files.write(folder.resolve("binary.yaml"), new byte[] {'a', ':', ' ', (byte) 0xff});

        assertThatThrownBy(() -> SafeYaml.read(file)).hasMessageContaining("UTF-8");
    }

    private static void assertRefused(String text) {
        assertThatThrownBy(() -> SafeYaml.parse(text))
                .isInstanceOfSatisfying(
                        ServingException.class,
                        refusal -> assertThat(refusal.code()).isEqualTo(ErrorCode.INVALID_INPUT));
    }
}
