// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.model.ModelFiles;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class VocabularyTest {
    @TempDir
    private Path folder;

    private Vocabulary vocabulary(String... lines) throws Exception {
        Files.writeString(folder.resolve("vocabulary.txt"), String.join("\n", lines) + "\n");
        return Vocabulary.load(new ModelFiles(folder, Optional.empty()));
    }

    /** In the table, N stands for a line end and T for a tabulator. Seen to fail with one pass for each escape, on the third row. */
    @ParameterizedTest
    @CsvSource(
            quoteCharacter = '"',
            value = {
                "\\n, N",
                "a\\tb, aTb",
                "\\\\n, \\n",
                "\\\\\\n, \\N",
                "\\\\\\\\, \\\\",
                "\\x, \\x",
                "a\\, a\\",
                "$1, $1"
            })
    void readsEachEscapeOnce(String line, String token) throws Exception {
        String expected = token.replace('N', '\n').replace('T', '\t');

        assertThat(vocabulary(line).token(0)).isEqualTo(expected);
        assertThat(vocabulary(line).number(expected)).contains(0);
    }

    @Test
    void cutsTheLongestTokenThatFits() throws Exception {
        Vocabulary vocabulary = vocabulary("a", "aa", "b", "aab");

        assertThat(vocabulary.encode("aaaabab", 4)).containsExactly(1, 3, 0, 2);
    }

    /** Seen to fail without the bound: the text was cut to its end, where it has a character no token begins with. */
    @Test
    void readsNoFurtherThanTheBound() throws Exception {
        Vocabulary vocabulary = vocabulary("a", "aa", "b", "aab");

        assertThatThrownBy(() -> vocabulary.encode("aabaabb" + "a".repeat(1 << 20) + "x", 3))
                .isInstanceOfSatisfying(
                        ServingException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_INPUT))
                .hasMessage("text: its first 3 tokens end at character 7 of 1048584"
                        + " (expected: at most 3 tokens in all, maxPromptTokens)");
    }

    /** Seen to fail without the check: no tokens came, of which the first is asked for. */
    @Test
    void refusesAnEmptyText() throws Exception {
        Vocabulary vocabulary = vocabulary("a");

        assertThatThrownBy(() -> vocabulary.encode("", 3))
                .isInstanceOfSatisfying(
                        ServingException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_INPUT))
                .hasMessage("text: empty (expected: 1 to 3 tokens)");
    }

    /** In UTF-8, where a character may have up to four bytes. */
    @Test
    void knowsTheBytesOfItsLongestToken() throws Exception {
        assertThat(vocabulary("ab", "\u20ac", "\\n").longestBytes()).isEqualTo(3);
    }
}
