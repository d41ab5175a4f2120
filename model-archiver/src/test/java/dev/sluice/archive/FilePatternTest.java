// SPDX-License-Identifier: Apache-2.0
package dev.sluice.archive;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FilePatternTest {
    @TempDir
    Path directory;

    @BeforeEach
    void makeFiles() throws IOException {
        for (String name :
                List.of("a1.txt", "a2.txt", "b1.dat", ".dot.txt", "d/x.txt", "e/x.txt", "e/[y].txt", "a-b", "a]b")) {
            Trees.write(directory.resolve(name), name);
        }
    }

    private List<String> matches(String pattern) throws IOException {
        return FilePattern.matches(directory, pattern).stream()
                .map(path -> directory.relativize(path).toString())
                .toList();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "*.txt | a1.txt a2.txt",
                "a?.txt | a1.txt a2.txt",
                "[ab]1.* | a1.txt b1.dat",
                "[!a]*.* | b1.dat",
                "a[0-1].txt | a1.txt",
                "a[2-0].txt | a2.txt",
                "*/x.txt | d/x.txt e/x.txt",
                "./*1* | a1.txt b1.dat",
                ".d* | .dot.txt",
                "e/[[]y].txt | e/[y].txt",
                "a[]]b | a]b",
                "a[x-]b | a-b",
                "a[^]b | ''",
                "A* | ''",
                "none* | ''",
                "a1.txt/* | ''",
                "a[.txt | ''"
            })
    void matchesAsPythonsGlobDoes(String pattern, String expected) throws IOException {
        assertThat(String.join(" ", matches(pattern))).isEqualTo(expected);
    }

    @Test
    void readsAbsolutePatterns() throws IOException {
        assertThat(FilePattern.matches(Path.of("/"), directory + "/b*")).containsExactly(directory.resolve("b1.dat"));
    }

    @Test
    void knowsPatternsFromNames() {
        assertThat(FilePattern.isPattern("a.txt")).isFalse();
        assertThat(FilePattern.isPattern("a[.txt")).isFalse();
        assertThat(FilePattern.isPattern("[a]")).isTrue();
    }
}
