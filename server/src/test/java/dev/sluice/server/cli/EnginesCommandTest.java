// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.sluice.server.config.LogsConfig;
import dev.sluice.server.config.ServerConfig;
import dev.sluice.server.enginepack.install.FakePack;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EnginesCommandTest {
    @TempDir
    private Path folder;

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();
    private final Map<String, String> environment = new HashMap<>();
    private FakePack pack;
    private String trial;

    @BeforeEach
    void makePack() throws IOException {
        pack = new FakePack(folder);
        trial = "echo fake 3.2.1 answered [2.0]";
    }

    @Test
    void addsAPackAndTellsWhatItDid() {
        assertThat(run("engines", "add", "fake", "--from", pack.repository().toString()))
                .as(err.toString())
                .isEqualTo(SluiceCli.OK);
        assertThat(out.toString())
                .contains("org.example:code:1.0  0.1 MB  from " + pack.repository())
                .contains("Fake Engine 3.2.1 is in " + folder.resolve("engines/fake") + ", 0.1 MB.")
                .contains("fake 3.2.1 answered [2.0]");
    }

    @Test
    void takesTheUsersOwnRepositoryFirst() {
        assertThat(run("engines", "add", "fake")).isEqualTo(SluiceCli.OK);
    }

    @Test
    void failsWhenTheTrialFails() {
        trial = "echo it broke >&2; exit 1";

        assertThat(run("engines", "add", "fake")).isEqualTo(SluiceCli.FAILED);
        assertThat(err.toString()).contains("the trial failed").contains("it broke");
    }

    @Test
    void addsNothingTwice() {
        run("engines", "add", "fake");

        assertThat(run("engines", "add", "fake")).isEqualTo(SluiceCli.OK);
        assertThat(out.toString()).contains("fake is installed already").contains("answered");
    }

    @Test
    void listsWhatCanBeAdded() throws IOException {
        assertThat(run("engines", "list")).isEqualTo(SluiceCli.OK);
        assertThat(out.toString())
                .containsPattern("fake +3\\.2\\.1 +- +not installed +Fakes \\(\\.fake\\)")
                .contains("sluice engines add fake");
    }

    @Test
    void listsAsJson() throws IOException {
        run("engines", "add", "fake");
        out.getBuffer().setLength(0);

        assertThat(run("engines", "list", "--json", "--verify")).isEqualTo(SluiceCli.OK);
        JsonNode engine = new ObjectMapper().readTree(out.toString()).at("/engines/0");
        assertThat(engine.path("id").asText()).isEqualTo("fake");
        assertThat(engine.path("state").asText()).isEqualTo("ready");
        assertThat(engine.path("bytes").asLong()).isPositive();
        assertThat(engine.path("formats").path(0).asText()).isEqualTo("Fakes (.fake)");
    }

    @Test
    void failsToVerifyAChangedFile() throws IOException {
        run("engines", "add", "fake");
        Files.writeString(folder.resolve("engines/fake/native/libfake.so"), "natiff");

        assertThat(run("engines", "list")).isEqualTo(SluiceCli.OK);
        assertThat(run("engines", "list", "--verify")).isEqualTo(SluiceCli.FAILED);
        assertThat(out.toString()).contains("fake is broken: file native/libfake.so has SHA-256");
    }

    @Test
    void testsWhatIsInstalled() {
        assertThat(run("engines", "test", "fake")).isEqualTo(SluiceCli.USAGE);
        run("engines", "add", "fake");
        trial = "kill -KILL $$";

        assertThat(run("engines", "test")).isEqualTo(SluiceCli.FAILED);
        assertThat(err.toString()).contains("fake: the trial failed: its process ended with exit code 137");
    }

    @Test
    void removesAPack() {
        run("engines", "add", "fake");

        assertThat(run("engines", "remove", "fake")).isEqualTo(SluiceCli.OK);
        assertThat(folder.resolve("engines/fake")).doesNotExist();
        assertThat(run("engines", "remove", "fake")).isEqualTo(SluiceCli.USAGE);
    }

    @Test
    void namesThePacksThereAre() {
        assertThat(run("engines", "add", "fkae")).isEqualTo(SluiceCli.USAGE);
        assertThat(err.toString()).contains("engine pack: fkae (expected one of: fake)");
    }

    @Test
    void takesTheDirectoryOfTheServersVariable() {
        environment.put("SLUICE_ENGINES_DIR", "elsewhere");

        assertThat(run("engines", "add", "fake")).isEqualTo(SluiceCli.OK);
        assertThat(folder.resolve("elsewhere/fake")).exists();
    }

    private int run(String... arguments) {
        Console console = new Console(
                new PrintWriter(out, true),
                new PrintWriter(err, true),
                new ByteArrayInputStream(new byte[0]),
                false,
                environment,
                folder,
                folder,
                Optional.empty(),
                Optional.empty(),
                new PackHost(
                        Optional.of(pack.packs()), pack.repository(), FakePack.PLATFORM, List.of("sh", "-c", trial)),
                InstantSource.system(),
                "1.2.3");
        return SluiceCli.create(console, new NoServer()).execute(arguments);
    }

    private static final class NoServer implements ServerLauncher {
        @Override
        public RunningServer start(ServerConfig config) {
            throw new UnsupportedOperationException("no server here");
        }

        @Override
        public void configureLog(LogsConfig config, Optional<Path> file) {}
    }
}
