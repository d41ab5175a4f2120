// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.enginepack;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.engine.EngineDescription;
import dev.sluice.engine.EngineSettings;
import dev.sluice.engine.Tokenizer;
import dev.sluice.engine.TokenizerOptions;
import dev.sluice.engine.TokenizerProvider;
import dev.sluice.engine.TokenizerTrial;
import dev.sluice.engine.Tokens;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TrialRunTest {
    /** Stands for the file of a tokenizer: anything that lies in this class's own jar. */
    private static final String RESOURCE = "/dev/sluice/server/enginepack/TrialRunTest.class";

    @TempDir
    private Path folder;

    private TrialRun trial;

    @BeforeEach
    void lookForPacks() {
        trial = new TrialRun(
                EnginePacks.find(new EnginePacksConfig(Optional.empty(), Optional.empty(), 1, "test-os")), folder);
    }

    @Test
    void triesTokenizersOnTheFileTheyCarry() {
        assertThat(trial.run(new Words(RESOURCE, List.of(4, 4)))).isEqualTo("words 1.0 answered [4, 4]");
    }

    /** Seen to fail when the answer was not compared. */
    @Test
    void saysWhatTokenizersAnsweredInstead() {
        assertThatThrownBy(() -> trial.run(new Words(RESOURCE, List.of(4, 5))))
                .hasMessage("engine words answered [4, 4] (expected: [4, 5])")
                .isInstanceOfSatisfying(
                        ServingException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.ENGINE_FAILED));
    }

    @Test
    void saysThatTheFileOfATrialIsNotThere() {
        assertThatThrownBy(() -> trial.run(new Words("/absent.json", List.of())))
                .hasMessageContaining("engine words cannot be tried")
                .hasMessageContaining("/absent.json");
    }

    /** The generic DJL pack, whose engines operators add. */
    @Test
    void saysThatThereIsNothingToTry() {
        assertThat(trial.run(new EnginePacksTest.ProbeProvider())).isEqualTo("probe has nothing to try");
    }

    /** Counts the letters of words. */
    private record Words(String resource, List<Integer> expected) implements TokenizerProvider, Tokenizer {
        @Override
        public String id() {
            return "words";
        }

        @Override
        public int spiVersion() {
            return SPI_VERSION;
        }

        @Override
        public EngineDescription description() {
            return new EngineDescription("Words", "1.0", "none", List.of(), "", List.of(), List.of());
        }

        @Override
        public TokenizerTrial trial() {
            return new TokenizerTrial(resource, "four five", expected);
        }

        @Override
        public Tokenizer open(Path file, TokenizerOptions options, EngineSettings settings) {
            assertThat(Files.isRegularFile(file)).isTrue();
            return this;
        }

        @Override
        public List<Tokens> encode(String text) {
            int[] ids = List.of(text.split(" ", -1)).stream()
                    .mapToInt(String::length)
                    .toArray();
            return List.of(new Tokens(ids, ids, ids, ids, ids, ids, ids, ids, List.of()));
        }

        @Override
        public List<Tokens> encode(String first, String second) {
            throw new UnsupportedOperationException("not asked");
        }

        @Override
        public String decode(int[] ids) {
            throw new UnsupportedOperationException("not asked");
        }

        @Override
        public int maxLength() {
            return 512;
        }

        @Override
        public int padId() {
            return 0;
        }

        @Override
        public OptionalInt unknownId() {
            return OptionalInt.empty();
        }

        @Override
        public void close() {}
    }
}
