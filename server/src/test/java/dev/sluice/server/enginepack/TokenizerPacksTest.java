// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.enginepack;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.engine.EngineDescription;
import dev.sluice.engine.EngineSettings;
import dev.sluice.engine.PackMember;
import dev.sluice.engine.Tokenizer;
import dev.sluice.engine.TokenizerOptions;
import dev.sluice.engine.TokenizerProvider;
import dev.sluice.engine.TokenizerTrial;
import dev.sluice.tensor.BufferAllocator;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.jar.JarOutputStream;
import java.util.zip.ZipEntry;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TokenizerPacksTest {
    @TempDir
    private Path folder;

    @Test
    void opensTokenizersWithTheirPacksClassLoader() throws IOException {
        makePack("probe");
        EnginePacks packs =
                EnginePacks.find(new EnginePacksConfig(Optional.of(folder), Optional.empty(), 1, "test-os"));
        EngineSettings settings = packs.settings("probe", folder, BufferAllocator.unpooled());
        TokenizerOptions options = TokenizerOptions.truncating(OptionalInt.empty());

        assertThat(packs.providers()).isEmpty();
        assertThat(packs.tokenizers()).extracting(TokenizerProvider::id).containsExactly("probe");
        assertThat(packs.tokenizers().get(0).spiVersion()).isEqualTo(TokenizerProvider.SPI_VERSION);
        assertThatThrownBy(() -> packs.tokenizers().get(0).open(folder, options, settings))
                .hasMessage("engine-probe");
    }

    /** As operators see it: in lists, and in the log of a server that starts. */
    @Test
    void describesTokenizersLikeEngines() throws IOException {
        makePack("probe");
        EnginePacks packs =
                EnginePacks.find(new EnginePacksConfig(Optional.of(folder), Optional.empty(), 1, "test-os"));
        PackStatus status = new PackSurvey(Optional.empty(), folder, "test-os").status("probe", true);

        assertThat(packs.summary()).isEqualTo("probe 1");
        assertThat(packs.inPack("probe")).extracting(PackMember::id).containsExactly("probe");
        assertThat(status.state()).isEqualTo(PackStatus.State.READY);
        assertThat(status.title()).isEqualTo("Probe");
        assertThat(status.licence()).isEqualTo("none");
    }

    private void makePack(String id) throws IOException {
        writeJar(Files.createDirectories(folder.resolve(id).resolve("lib")).resolve("tokenizers.jar"));
    }

    /** Packs the class below, as it was compiled, into a jar. */
    static void writeJar(Path jar) throws IOException {
        try (OutputStream file = Files.newOutputStream(jar);
                JarOutputStream out = new JarOutputStream(file)) {
            String name = ProbeProvider.class.getName().replace('.', '/') + ".class";
            out.putNextEntry(new ZipEntry(name));
            try (InputStream code =
                    Objects.requireNonNull(ProbeProvider.class.getClassLoader().getResourceAsStream(name))) {
                code.transferTo(out);
            }
            out.putNextEntry(new ZipEntry("META-INF/services/" + TokenizerProvider.class.getName()));
            out.write(ProbeProvider.class.getName().getBytes(StandardCharsets.UTF_8));
        }
    }

    /** Tells which class loader its thread had when it was asked to open something. */
    public static final class ProbeProvider implements TokenizerProvider {
        @Override
        public String id() {
            return "probe";
        }

        @Override
        public int spiVersion() {
            return SPI_VERSION;
        }

        @Override
        public EngineDescription description() {
            return new EngineDescription("Probe", "1", "none", List.of(), "", List.of(), List.of());
        }

        @Override
        public TokenizerTrial trial() {
            return new TokenizerTrial("none", "", List.of());
        }

        @Override
        public Tokenizer open(Path file, TokenizerOptions options, EngineSettings settings) {
            throw new IllegalStateException(
                    Thread.currentThread().getContextClassLoader().getName());
        }
    }
}
