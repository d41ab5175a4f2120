// SPDX-License-Identifier: Apache-2.0
package dev.sluice.archive;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.util.List;
import java.util.stream.Stream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class EntryNamesTest {
    private static final ArchiveLimits LIMITS = ArchiveLimits.defaults();

    @ParameterizedTest
    @CsvSource({
        "a, a",
        "a/b.txt, a/b.txt",
        "./a, a",
        "a/./b, a/b",
        "a//b, a/b",
        "a/b/, a/b",
        "..., ...",
        "..a/b.., ..a/b..",
        ".hidden, .hidden",
        "model+v1.pt, model+v1.pt"
    })
    void keepsWhatIsSafe(String raw, String canonical) {
        assertThat(EntryNames.canonical(raw, LIMITS)).isEqualTo(canonical);
    }

    static Stream<String> unsafe() {
        return Stream.of(
                "",
                "..",
                "../x",
                "a/../b",
                "a/..",
                "a/b/../../../x",
                "/etc/passwd",
                "//host/share",
                "C:\\x",
                "C:x",
                "c:/x",
                "./C:",
                "a/C:/x",
                "\\\\host\\share",
                "a\\..\\b",
                "..\\x",
                "a\0b",
                "a\nb",
                "a\u007fb",
                "a\u0085b");
    }

    @ParameterizedTest
    @MethodSource("unsafe")
    void refusesWhatCouldEscape(String raw) {
        assertThatExceptionOfType(ArchiveException.class)
                .isThrownBy(() -> EntryNames.canonical(raw, LIMITS))
                .withMessageStartingWith("entry \"");
    }

    @ParameterizedTest
    @ValueSource(strings = {".", "./", "././."})
    void readsTheRootAsEmpty(String raw) {
        assertThat(EntryNames.canonical(raw, LIMITS)).isEmpty();
    }

    @Test
    void refusesLongNamesAndNamesTheLimit() {
        assertThatExceptionOfType(ArchiveException.class)
                .isThrownBy(() -> EntryNames.canonical("a/".repeat(600), LIMITS))
                .withMessageContaining("1200 characters (limit: 1024)");
        assertThatExceptionOfType(ArchiveException.class)
                .isThrownBy(() -> EntryNames.canonical("x".repeat(256), LIMITS))
                .withMessageContaining("256 bytes (limit: 255)");
        assertThat(EntryNames.canonical("x".repeat(255), LIMITS)).hasSize(255);
    }

    @Test
    void refusesDeepNamesAndNamesTheLimit() {
        assertThat(EntryNames.canonical("a/".repeat(31) + "b", LIMITS)).endsWith("/b");
        assertThatExceptionOfType(ArchiveException.class)
                .isThrownBy(() -> EntryNames.canonical("a/".repeat(32) + "b", LIMITS))
                .withMessageContaining("33 levels deep (limit: 32)");
    }

    @Test
    void messagesCannotForgeLogLines() {
        assertThatExceptionOfType(ArchiveException.class)
                .isThrownBy(() -> EntryNames.canonical("a\nERROR - forged", LIMITS))
                .satisfies(e -> assertThat(e.reason()).doesNotContain("\n").contains("\\u000a"));
    }

    @Property(tries = 2_000)
    void neverYieldsANameThatLeaves(@ForAll("hostileNames") String raw) {
        String name;
        try {
            name = EntryNames.canonical(raw, LIMITS);
        } catch (ArchiveException refused) {
            return;
        }
        assertThat(List.of(name.split("/", -1))).doesNotContain("..", ".");
        assertThat(name).doesNotContain("\\", "\0", "//").doesNotStartWith("/").doesNotEndWith("/");
        assertThat(EntryNames.canonical(name.isEmpty() ? "." : name, LIMITS)).isEqualTo(name);
    }

    @Provide
    Arbitrary<String> hostileNames() {
        return Arbitraries.of("..", ".", "/", "\\", "a", "B", "\0", "C:", " ", "...", "\u00e9", "~", "a/b")
                .list()
                .ofMaxSize(8)
                .map(parts -> String.join("", parts));
    }
}
