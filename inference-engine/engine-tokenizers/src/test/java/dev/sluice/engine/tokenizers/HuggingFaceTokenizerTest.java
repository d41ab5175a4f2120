// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.tokenizers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.engine.Tokenizer;
import dev.sluice.engine.TokenizerOptions;
import dev.sluice.engine.TokenizerProvider;
import dev.sluice.engine.Tokens;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.ServiceLoader;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class HuggingFaceTokenizerTest {
    private static final TokenizerOptions WHOLE = TokenizerOptions.truncating(OptionalInt.empty());

    @TempDir
    static Path cache;

    static List<References.Case> references() {
        return References.cases();
    }

    @ParameterizedTest
    @MethodSource("references")
    void encodesAsPythonDoes(References.Case reference) {
        try (Tokenizer tokenizer = open(reference.tokenizer(), reference.options())) {
            assertThat(reference.encode(tokenizer).stream().map(References::described))
                    .isEqualTo(reference.windows().stream()
                            .map(References::described)
                            .toList());
        }
    }

    @Test
    void countsPlacesInCodePoints() {
        try (Tokenizer tokenizer = open("wordpiece", WHOLE)) {
            String text = "\uD83D\uDE00 cafe\u0301 the";
            Tokens tokens = tokenizer.encode(text).get(0);
            int last = tokens.size() - 2;

            assertThat(tokens.pieces().get(last)).isEqualTo("the");
            assertThat(tokens.starts()[last]).isEqualTo(8);
            assertThat(text.substring(
                            text.offsetByCodePoints(0, tokens.starts()[last]),
                            text.offsetByCodePoints(0, tokens.ends()[last])))
                    .isEqualTo("the");
        }
    }

    @Test
    void knowsTheFilesOwnTokens() {
        try (Tokenizer words = open("wordpiece", WHOLE);
                Tokenizer bytes = open("bpe", WHOLE);
                Tokenizer unigrams = open("unigram", WHOLE)) {
            assertThat(List.of(words.padId(), bytes.padId(), unigrams.padId())).containsExactly(0, 1, 0);
            assertThat(words.unknownId()).hasValue(1);
            assertThat(bytes.unknownId()).isEmpty();
            assertThat(unigrams.unknownId()).hasValue(1);
            assertThat(words.maxLength()).isEqualTo(512);
        }
    }

    @Test
    void decodesWhatItEncoded() {
        try (Tokenizer tokenizer = open("wordpiece", WHOLE)) {
            int[] ids = tokenizer.encode("Reykjavik coffee").get(0).ids();

            assertThat(tokenizer.decode(ids)).isEqualTo("[CLS] reykjavik coffee [SEP]");
            assertThat(tokenizer.decode(new int[] {99_999, -1})).isEmpty();
        }
    }

    /** Without the repair the library reads the bytes of half a pair, whatever they are. */
    @Test
    void readsHalvesOfPairsAsReplacements() {
        try (Tokenizer tokenizer = open("bpe", WHOLE)) {
            assertThat(described(tokenizer.encode("a\uD83D b\uDE00")))
                    .isEqualTo(described(tokenizer.encode("a\uFFFD b\uFFFD")));
        }
    }

    /** The library panics, and so ends the process, on windows that have no more room than they share. */
    @Test
    void refusesFirstTextsThatLeaveNoRoom() {
        try (Tokenizer tokenizer = open("wordpiece", TokenizerOptions.windows(OptionalInt.of(16), 4))) {
            assertThat(tokenizer
                            .encode("the day the day the day the", "coffee and bread")
                            .size())
                    .isPositive();
            assertThatThrownBy(() -> tokenizer.encode("the day the day the day the day the", "coffee"))
                    .isInstanceOfSatisfying(
                            ServingException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_INPUT))
                    .hasMessage("first text: 9 tokens (expected: at most 8, so that the second has room beside it)");
            assertThatThrownBy(() -> tokenizer.encode("the day ".repeat(1000), "coffee"))
                    .hasMessageStartingWith("first text: more than 16 tokens (expected: at most 8");
            assertThatThrownBy(() -> tokenizer.encode("the ".repeat(1000)))
                    .isInstanceOfSatisfying(
                            ServingException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_INPUT));
        }
    }

    @Test
    void boundsTheWindowsOfAText() {
        try (Tokenizer tokenizer = open("wordpiece", TokenizerOptions.windows(OptionalInt.of(512), 500))) {
            assertThatThrownBy(() -> tokenizer.encode("why", "a ".repeat(100_000)))
                    .isInstanceOfSatisfying(
                            ServingException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_INPUT))
                    .hasMessageStartingWith("second text: 200000 bytes in up to ");
        }
    }

    @Test
    void refusesLengthsWithoutRoomForText() {
        assertThatThrownBy(() -> open("wordpiece", TokenizerOptions.truncating(OptionalInt.of(2))))
                .isInstanceOfSatisfying(
                        ServingException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_MODEL))
                .hasMessage("maxLength: 2 (expected: 3 or more, of which 2 around the text)");
        assertThatThrownBy(() -> open("wordpiece", TokenizerOptions.windows(OptionalInt.of(8), 5)))
                .hasMessage("maxLength: 8 (expected: 9 or more, of which 3 around the text and 5 shared)");
        try (Tokenizer tokenizer = open("wordpiece", TokenizerOptions.truncating(OptionalInt.of(4)))) {
            assertThat(tokenizer.encode("the day the").get(0).size()).isEqualTo(4);
            assertThatThrownBy(() -> tokenizer.encode("the day", "the day"))
                    .hasMessage("texts: 2 (expected: 1; 4 tokens, maxLength, have no room for a pair)");
        }
    }

    @Test
    void obeysTheFilesOwnLength() throws IOException {
        String text = References.text("wordpiece")
                .replace(
                        "\"truncation\":null",
                        "\"truncation\":{\"direction\":\"Right\",\"max_length\":5,\"strategy\":\"LongestFirst\",\"stride\":0}");
        Path file = Files.writeString(cache.resolve("truncating.json"), text);
        try (Tokenizer tokenizer = new HuggingFaceProvider().open(file, WHOLE, References.settings(cache))) {
            assertThat(tokenizer.maxLength()).isEqualTo(5);
            assertThat(tokenizer.encode("the day the day the").get(0).size()).isEqualTo(5);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "{",
                "null",
                "[1]",
                "{}",
                "{\"model\": {}}",
                "{\"version\":\"1.0\",\"decoder\":{\"type\":\"\\ud800\"},\"model\":{\"type\":\"BPE\",\"vocab\":{},\"merges\":[]}}",
                "{\"version\":\"1.0\",\"decoder\":1e999,\"model\":{\"type\":\"BPE\",\"vocab\":{},\"merges\":[]}}",
                "{\"version\":\"1.0\",\"decoder\":{\"type\":\"Nope\"},\"model\":{\"type\":\"BPE\",\"vocab\":{},\"merges\":[]}}",
                "{} {}",
                "{'a': 1}",
                "nonsense"
            })
    void refusesWhatIsNoTokenizer(String text) throws IOException {
        assertRefused(text);
    }

    /** The library ends the process on some of these; seen to do so on half of this file. */
    @Test
    void refusesFilesThatAreCutShort() throws IOException {
        String text = References.text("wordpiece");
        for (int length = 0; length < text.length(); length += 37) {
            assertRefused(text.substring(0, length));
        }
        assertRefused("{\"decoder\":" + "[".repeat(500) + "]".repeat(500) + "}");
    }

    /** The library looks tokens of templates up without asking whether they are there. */
    @Test
    void refusesTemplatesOfUnknownTokens() throws IOException {
        String text = References.text("wordpiece");
        assertRefused(text.replace("\"special_tokens\":{\"[CLS]\"", "\"special_tokens\":{\"[OTHER]\""));
        assertRefused(text.replace("\"ids\":[2]", "\"ids\":[]"));
    }

    @Test
    void refusesBytesThatAreNotUtf8() throws IOException {
        Path file = Files.write(cache.resolve("bytes.json"), new byte[] {'{', '"', (byte) 0xff, '"', '}'});
        assertThatThrownBy(() -> new HuggingFaceProvider().open(file, WHOLE, References.settings(cache)))
                .hasMessage("tokenizer.json: not UTF-8 (expected: JSON in UTF-8)");
    }

    @Test
    void servesManyThreadsAtOnce() throws Exception {
        List<References.Case> cases = References.cases().stream()
                .filter(reference -> reference.tokenizer().equals("unigram")
                        && reference.options().overlap().isEmpty()
                        && reference.options().maxLength().isEmpty())
                .toList();
        ExecutorService threads = Executors.newFixedThreadPool(8);
        try (Tokenizer tokenizer = open("unigram", WHOLE)) {
            List<Future<Integer>> runs = new ArrayList<>();
            for (int thread = 0; thread < 8; thread++) {
                runs.add(threads.submit(() -> countRight(tokenizer, cases)));
            }
            for (Future<Integer> run : runs) {
                assertThat(run.get(60, TimeUnit.SECONDS)).isEqualTo(100 * cases.size());
            }
        } finally {
            threads.shutdownNow();
        }
    }

    private static int countRight(Tokenizer tokenizer, List<References.Case> cases) {
        int right = 0;
        for (int i = 0; i < 100; i++) {
            for (References.Case reference : cases) {
                String expected = References.described(reference.windows().get(0));
                right +=
                        References.described(reference.encode(tokenizer).get(0)).equals(expected) ? 1 : 0;
            }
        }
        return right;
    }

    @Test
    void refusesWorkAfterItWasClosed() {
        Tokenizer tokenizer = open("wordpiece", WHOLE);
        tokenizer.close();
        tokenizer.close();

        assertThatThrownBy(() -> tokenizer.encode("the")).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> tokenizer.decode(new int[] {1})).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void givesBackItsMemory() throws IOException {
        cycle(100);
        long before = resident();
        cycle(100);
        cycle(100);

        assertThat(resident() - before).as("bytes that stayed").isLessThan(12L << 20);
    }

    private void cycle(int times) {
        String context = "Anna opens her small shop near the old bridge. ".repeat(60);
        for (int i = 0; i < times; i++) {
            try (Tokenizer tokenizer = open("unigram", TokenizerOptions.windows(OptionalInt.of(64), 16))) {
                for (int request = 0; request < 3; request++) {
                    assertThat(tokenizer.encode("Where?", context)).hasSizeGreaterThan(10);
                }
            }
        }
    }

    private static long resident() throws IOException {
        return Files.readAllLines(Path.of("/proc/self/status")).stream()
                .filter(line -> line.startsWith("VmRSS:"))
                .mapToLong(line -> Long.parseLong(line.replaceAll("[^0-9]", "")) << 10)
                .findFirst()
                .orElseThrow();
    }

    @Test
    void leavesNoFilesBehind() throws IOException {
        Path folder = Files.createDirectory(cache.resolve("own"));
        Path litter = Path.of(System.getProperty("user.home"), ".djl.ai");
        List<String> before = listing(litter);
        new HuggingFaceProvider()
                .open(References.file("wordpiece"), WHOLE, References.settings(folder))
                .close();

        assertThat(listing(folder)).hasSize(1);
        assertThat(listing(litter)).isEqualTo(before);
    }

    private static List<String> listing(Path folder) throws IOException {
        if (!Files.exists(folder)) {
            return List.of();
        }
        try (Stream<Path> files = Files.walk(folder)) {
            return files.map(Path::toString).sorted().toList();
        }
    }

    @Test
    void isFoundByTheServiceLoader() {
        assertThat(ServiceLoader.load(TokenizerProvider.class).stream()
                        .map(provider -> provider.get().id()))
                .containsExactly("tokenizers");
        assertThat(new HuggingFaceProvider().spiVersion()).isEqualTo(TokenizerProvider.SPI_VERSION);
    }

    private static void assertRefused(String text) throws IOException {
        Path file = Files.writeString(cache.resolve("refused.json"), text);
        assertThatThrownBy(() -> new HuggingFaceProvider().open(file, WHOLE, References.settings(cache)))
                .as(text)
                .isInstanceOfSatisfying(
                        ServingException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_MODEL))
                .hasMessageStartingWith("tokenizer.json: ");
    }

    private static String described(List<Tokens> windows) {
        return windows.stream().map(References::described).toList().toString();
    }

    private static Tokenizer open(String name, TokenizerOptions options) {
        return new HuggingFaceProvider().open(References.file(name), options, References.settings(cache));
    }
}
