// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.handler.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.zip.ZipFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SourceVocabularyTest {
    private static final Path FILES = Path.of("..", "..", "integration-tests", "models", "text", "vocabularies");

    @TempDir
    Path folder;

    /** The numbers of "good", "good day" and of a word that is not there. */
    @ParameterizedTest
    @CsvSource({
        "dict,2,4,0",
        "ordered,2,4,0",
        "list,2,4,0",
        "protocol4,2,4,0",
        "vocab,2,4,0",
        "inner,2,4,0",
        "legacy,2,4,0"
    })
    void readsEveryForm(String name, long good, long pair, long unknown) throws IOException {
        SourceVocabulary vocabulary = load(name);

        assertThat(vocabulary.numbers(List.of("good", "good day", "nonsense"))).containsExactly(good, pair, unknown);
    }

    @Test
    void refusesUnknownWordsWithoutANumberForThem() throws IOException {
        SourceVocabulary vocabulary = load("no_unknown");

        assertThat(vocabulary.numbers(List.of("good"))).containsExactly(0);
        assertThatThrownBy(() -> vocabulary.numbers(List.of("bad")))
                .isInstanceOfSatisfying(
                        ServingException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_INPUT))
                .hasMessage("text: 'bad' (expected: words of the model's vocabulary, which has no number for others)");
    }

    @Test
    void readsAWordALine() throws IOException {
        Files.writeString(folder.resolve("source_vocab.txt"), "<unk>\ngood\ngood day\n");

        assertThat(SourceVocabulary.load(folder).numbers(List.of("good day", "x")))
                .containsExactly(2, 0);
    }

    /** Seen to fail with a reader that knows every name. */
    @Test
    void executesNothing() throws IOException {
        assertThatThrownBy(() -> load("hostile"))
                .isInstanceOfSatisfying(
                        ServingException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_MODEL))
                .hasMessageStartingWith("source_vocab.pt: posix.system (expected: a vocabulary's own classes)");
    }

    /** Forty lists, each of the one before twice. Seen to fail when what names a class was written out, however long. */
    @Test
    void refusesClassesWhoseNameIsNoText() {
        StringBuilder pickle = new StringBuilder("\u0080\u0004]\u0094");
        for (char list = 0; list < 40; list++) {
            pickle.append("]h").append(list).append("ah").append(list).append("a\u0094");
        }
        byte[] bytes = pickle.append("\u008c\u0001x\u0093.").toString().getBytes(StandardCharsets.ISO_8859_1);

        assertTimeoutPreemptively(
                Duration.ofSeconds(10),
                () -> assertThatThrownBy(() -> SourceVocabulary.ofPickle(bytes))
                        .hasMessageStartingWith("source_vocab.pt: a class whose name is no text"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"tensor", "numbers"})
    void refusesWhatIsNoVocabulary(String name) {
        assertThatThrownBy(() -> load(name))
                .isInstanceOfSatisfying(
                        ServingException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_MODEL))
                .hasMessageStartingWith("source_vocab.pt: ")
                .hasMessageContaining("(expected: torch.save of a torchtext Vocab");
    }

    @Test
    void refusesFilesThatAreNoZip() throws IOException {
        Files.write(folder.resolve("source_vocab.pt"), "\u0080\u0002}q\u0000.".getBytes(StandardCharsets.ISO_8859_1));

        assertThatThrownBy(() -> SourceVocabulary.load(folder))
                .hasMessageStartingWith("source_vocab.pt: not a zip file, as torch.save has written since 1.6");
    }

    /** Whatever is in a pickle, there is a vocabulary or a refusal, and soon. */
    @Test
    void survivesChangedPickles() throws IOException {
        Random random = new Random(7);
        for (String name : List.of("vocab", "legacy", "protocol4", "ordered")) {
            byte[] pickle = pickle(name);
            for (int i = 0; i < 20_000; i++) {
                byte[] changed = pickle.clone();
                for (int change = 0; change <= i % 3; change++) {
                    changed[random.nextInt(changed.length)] = (byte) random.nextInt(256);
                }
                assertRead(changed);
            }
            for (int length = 0; length < pickle.length; length++) {
                assertRead(Arrays.copyOf(pickle, length));
            }
        }
    }

    private static void assertRead(byte[] pickle) {
        try {
            assertThat(SourceVocabulary.ofPickle(pickle)).isNotNull();
        } catch (ServingException refused) {
            assertThat(refused.code()).isEqualTo(ErrorCode.INVALID_MODEL);
        }
    }

    private static byte[] pickle(String name) throws IOException {
        try (ZipFile zip = new ZipFile(FILES.resolve(name + ".pt").toFile())) {
            var entry = zip.stream()
                    .filter(file -> file.getName().endsWith("/data.pkl"))
                    .findFirst()
                    .orElseThrow();
            return zip.getInputStream(entry).readAllBytes();
        }
    }

    private SourceVocabulary load(String name) throws IOException {
        Files.copy(FILES.resolve(name + ".pt"), folder.resolve("source_vocab.pt"));
        return SourceVocabulary.load(folder);
    }
}
