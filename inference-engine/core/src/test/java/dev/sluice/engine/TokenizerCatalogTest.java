// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import dev.sluice.model.ModelFiles;
import dev.sluice.tensor.BufferAllocator;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TokenizerCatalogTest {
    private static final TokenizerOptions OPTIONS = TokenizerOptions.truncating(OptionalInt.of(3));

    @TempDir
    Path folder;

    private final List<String> opened = new ArrayList<>();

    @Test
    void opensTheFileWithTheFirstProvider() throws IOException {
        Files.writeString(folder.resolve("tokenizer.json"), "{}");
        TokenizerCatalog catalog =
                catalog(List.of(provider("one", PackMember.SPI_VERSION), provider("two", PackMember.SPI_VERSION)));

        assertThatThrownBy(() -> new HandlerContext(BufferAllocator.unpooled(), catalog).tokenizer(files(), OPTIONS))
                .hasMessage("opened");
        assertThat(opened).containsExactly("one tokenizer.json 3 cache-one");
    }

    @Test
    void saysWhatIsMissing() throws IOException {
        assertRefused(
                () -> catalog(List.of(provider("one", PackMember.SPI_VERSION))).open(files(), OPTIONS),
                "tokenizer.json: missing (expected: the file beside the model's weights)");
        Files.writeString(folder.resolve("tokenizer.json"), "{}");
        String install = "tokenizer.json: nothing here reads it (expected: the engine pack 'tokenizers'; install it)";
        assertRefused(() -> catalog(List.of()).open(files(), OPTIONS), install);
        assertRefused(() -> new HandlerContext(BufferAllocator.unpooled()).tokenizer(files(), OPTIONS), install);
    }

    @Test
    void blamesTheServerForWhatBreaks() throws IOException {
        Files.writeString(folder.resolve("tokenizer.json"), "{}");
        TokenizerProvider broken = new Provider("broken", PackMember.SPI_VERSION) {
            @Override
            public Tokenizer open(Path file, TokenizerOptions options, EngineSettings settings) {
                throw new NoClassDefFoundError("gone");
            }
        };

        assertThatThrownBy(() -> catalog(List.of(broken)).open(files(), OPTIONS))
                .isInstanceOfSatisfying(
                        ServingException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.LOAD_FAILED));
    }

    @Test
    void refusesProvidersBuiltForAnotherVersion() {
        assertThatThrownBy(() -> catalog(List.of(provider("old", 0))))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("tokenizers 'old' were built for SPI version 0 (expected: " + PackMember.SPI_VERSION + ")");
    }

    @Test
    void refusesImpossibleOptions() {
        assertThatThrownBy(() -> TokenizerOptions.truncating(OptionalInt.of(0)))
                .hasMessage("maxLength: 0 (expected: 1 or more)");
        assertThatThrownBy(() -> TokenizerOptions.windows(OptionalInt.empty(), -1))
                .hasMessage("overlap: -1 (expected: 0 or more)");
    }

    private static void assertRefused(Runnable open, String message) {
        assertThatThrownBy(open::run)
                .isInstanceOfSatisfying(
                        ServingException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_MODEL))
                .hasMessage(message);
    }

    private ModelFiles files() {
        return new ModelFiles(folder, Optional.empty());
    }

    private static TokenizerCatalog catalog(List<TokenizerProvider> providers) {
        return new TokenizerCatalog(
                providers,
                id -> new EngineSettings(Optional.empty(), Path.of("cache-" + id), 1, BufferAllocator.unpooled()));
    }

    private TokenizerProvider provider(String id, int version) {
        return new Provider(id, version) {
            @Override
            public Tokenizer open(Path file, TokenizerOptions options, EngineSettings settings) {
                opened.add(id + " " + file.getFileName() + " "
                        + options.maxLength().orElse(0) + " " + settings.cacheDirectory());
                throw new ServingException(ErrorCode.INVALID_MODEL, "opened");
            }
        };
    }

    private abstract static class Provider implements TokenizerProvider {
        private final String id;
        private final int version;

        Provider(String id, int version) {
            this.id = id;
            this.version = version;
        }

        @Override
        public String id() {
            return id;
        }

        @Override
        public int spiVersion() {
            return version;
        }

        @Override
        public EngineDescription description() {
            return new EngineDescription("Fake", "1", "none", List.of(), "", List.of(), List.of());
        }

        @Override
        public TokenizerTrial trial() {
            return new TokenizerTrial("none", "", List.of());
        }
    }
}
