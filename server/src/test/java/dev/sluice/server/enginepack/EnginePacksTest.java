// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.enginepack;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.engine.Engine;
import dev.sluice.engine.EngineDescription;
import dev.sluice.engine.EngineInfo;
import dev.sluice.engine.EngineProvider;
import dev.sluice.engine.EngineSettings;
import dev.sluice.engine.EngineTrial;
import dev.sluice.engine.TensorModel;
import dev.sluice.model.Device;
import dev.sluice.model.ModelSpec;
import dev.sluice.tensor.BufferAllocator;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.jar.JarOutputStream;
import java.util.zip.ZipEntry;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EnginePacksTest {
    @TempDir
    private Path folder;

    @Test
    void findsNoneWithoutADirectory() {
        EnginePacks packs = EnginePacks.find(new EnginePacksConfig(Optional.empty(), Optional.empty(), 1, "test-os"));

        assertThat(packs.providers()).isEmpty();
        assertThat(settings(packs).nativeDirectory()).isEmpty();
    }

    @Test
    void loadsAPackInAClassLoaderOfItsOwn() throws IOException {
        makePack("probe");
        EnginePacks packs = find(3);

        assertThat(packs.providers()).extracting(EngineProvider::id).containsExactly("probe");
        Engine engine = packs.providers().get(0).open(settings(packs));
        assertThat(engine.getClass()).isNotSameAs(ProbeEngine.class);
        assertThat(engine.getClass().getName()).isEqualTo(ProbeEngine.class.getName());
        assertThat(engine.info().nativeVersion())
                .as("the thread's class loader while opening")
                .isEqualTo("engine-probe");
        assertThat(settings(packs).intraOpThreads()).isEqualTo(3);
    }

    @Test
    void opensAPackOnItsNatives() throws IOException {
        makePack("probe");
        Path natives = Files.createDirectory(folder.resolve("probe/native"));

        assertThat(settings(find(1)).nativeDirectory()).contains(natives);
    }

    @Test
    void leavesBrokenPacksOut() throws IOException {
        makePack("probe");
        Files.writeString(Files.createDirectories(folder.resolve("broken/lib")).resolve("a.jar"), "no jar");
        Files.createDirectories(folder.resolve("empty/lib"));
        Files.createDirectories(folder.resolve("no-pack"));

        assertThat(find(1).providers()).extracting(EngineProvider::id).containsExactly("probe");
    }

    /** Seen to fail, by ending the server, when a provider was first asked what it is after all packs had been found. */
    @Test
    void leavesAPackOutThatCannotSayWhatItIs() throws IOException {
        makePack("probe");
        writeJar(
                Files.createDirectories(folder.resolve("mute/lib")).resolve("engine.jar"),
                MuteProvider.class,
                ProbeProvider.class,
                ProbeEngine.class);

        EnginePacks packs = find(1);

        assertThat(packs.summary()).isEqualTo("probe 1");
        assertThat(packs.inPack("mute")).isEmpty();
        PackStatus status = new PackSurvey(Optional.empty(), folder, "test-os").status("mute", false);
        assertThat(status.title()).isEqualTo("mute");
    }

    @Test
    void namesADirectoryThatIsNotThere() {
        EnginePacksConfig config =
                new EnginePacksConfig(Optional.of(folder.resolve("absent")), Optional.empty(), 1, "test-os");

        assertThatThrownBy(() -> EnginePacks.find(config)).hasMessageStartingWith("engines_dir: ");
    }

    private EnginePacks find(int threads) {
        return EnginePacks.find(new EnginePacksConfig(Optional.of(folder), Optional.empty(), threads, "test-os"));
    }

    private EngineSettings settings(EnginePacks packs) {
        return packs.settings("probe", folder, BufferAllocator.unpooled());
    }

    private void makePack(String id) throws IOException {
        writeJar(Files.createDirectories(folder.resolve(id).resolve("lib")).resolve("engine.jar"));
    }

    /** Packs classes below, as they were compiled, into a jar. */
    static void writeJar(Path jar) throws IOException {
        writeJar(jar, ProbeProvider.class, ProbeEngine.class);
    }

    private static void writeJar(Path jar, Class<?>... types) throws IOException {
        try (OutputStream file = Files.newOutputStream(jar);
                JarOutputStream out = new JarOutputStream(file)) {
            for (Class<?> type : types) {
                String name = type.getName().replace('.', '/') + ".class";
                out.putNextEntry(new ZipEntry(name));
                try (InputStream code = type.getClassLoader().getResourceAsStream(name)) {
                    assertThat(code).isNotNull().satisfies(it -> it.transferTo(out));
                }
            }
            out.putNextEntry(new ZipEntry("META-INF/services/" + EngineProvider.class.getName()));
            out.write(types[0].getName().getBytes(StandardCharsets.UTF_8));
        }
    }

    /** Was compiled against something else than is there. */
    public static final class MuteProvider extends ProbeProvider {
        @Override
        public String id() {
            return "mute";
        }

        @Override
        public EngineDescription description() {
            throw new NoSuchMethodError("EngineDescription.<init>");
        }
    }

    /** Loaded from the jar, not from here. */
    public static class ProbeProvider implements EngineProvider {
        @Override
        public String id() {
            return "probe";
        }

        @Override
        public int spiVersion() {
            return SPI_VERSION;
        }

        @Override
        public Set<String> fileSuffixes() {
            return Set.of(".probe");
        }

        @Override
        public EngineDescription description() {
            return new EngineDescription("Probe", "1", "none", List.of(), "", List.of(), List.of());
        }

        @Override
        public Optional<EngineTrial> trial() {
            return Optional.empty();
        }

        @Override
        public Engine open(EngineSettings settings) {
            return new ProbeEngine(
                    Thread.currentThread().getContextClassLoader().getName());
        }
    }

    /** Tells as its version which class loader its thread had when it was opened. */
    public static final class ProbeEngine implements Engine {
        private final String loader;

        ProbeEngine(String loader) {
            this.loader = loader;
        }

        @Override
        public EngineInfo info() {
            return EngineInfo.ofProcessors("probe", loader);
        }

        @Override
        public TensorModel load(ModelSpec spec, Device device) {
            throw new UnsupportedOperationException("probe");
        }

        @Override
        public void close() {}
    }
}
