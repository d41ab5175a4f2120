// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.server.config.LogsConfig;
import dev.sluice.server.config.ServerConfig;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RunHandlerTest {
    @TempDir
    private Path folder;

    private final StringWriter err = new StringWriter();
    private final List<HandlerRunner.Trial> trials = new ArrayList<>();
    private final List<String> bodies = new ArrayList<>();

    @BeforeEach
    void prepare() throws IOException {
        Files.writeString(folder.resolve("m.mar"), "");
        Files.writeString(folder.resolve("body.txt"), "from a file");
    }

    private int run(String... arguments) {
        Console console = new Console(
                new PrintWriter(new StringWriter(), true),
                new PrintWriter(err, true),
                new ByteArrayInputStream("typed".getBytes(StandardCharsets.UTF_8)),
                false,
                Map.of(),
                folder,
                folder,
                Optional.empty(),
                Optional.empty(),
                new PackHost(Optional.empty(), folder, "test-os", List.of("false")),
                InstantSource.system(),
                "1.2.3");
        HandlerRunner runner = trial -> {
            trials.add(trial);
            try {
                bodies.add(Files.readString(trial.input()));
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            return 1;
        };
        List<String> all = Stream.concat(Stream.of("handler", "run"), Stream.of(arguments)).toList();
        return SluiceCli.create(console, new NoServer(), runner).execute(all.toArray(String[]::new));
    }

    private static final class NoServer implements ServerLauncher {
        @Override
        public RunningServer start(ServerConfig config) {
            throw new AssertionError("no server is started");
        }

        @Override
        public void configureLog(LogsConfig config, Optional<Path> file) {}
    }

    @Test
    void asksForATrialWithPathsFromHere() {
        assertThat(run("m.mar", "--input", "body.txt")).isEqualTo(1);

        HandlerRunner.Trial trial = trials.get(0);
        assertThat(trial.model()).isEqualTo(folder.resolve("m.mar"));
        assertThat(trial.input()).isEqualTo(folder.resolve("body.txt"));
        assertThat(trial.python()).isEqualTo("python");
        assertThat(trial.gpu()).isEmpty();
        assertThat(trial.installs()).isFalse();
        assertThat(trial.cache()).isEmpty();
    }

    @Test
    void handsOnAllOptions() {
        run("m.mar", "--input=body.txt", "--content-type=text/plain", "--name=data", "--handler=h.py:go", "--python=python3.12",
                "--gpu-id=2", "--debugpy=0.0.0.0:5678", "--install", "--python-cache-dir=cache");

        assertThat(trials)
                .containsExactly(new HandlerRunner.Trial(
                        folder.resolve("m.mar"),
                        folder.resolve("body.txt"),
                        Optional.of("text/plain"),
                        Optional.of("data"),
                        Optional.of("h.py:go"),
                        "python3.12",
                        OptionalInt.of(2),
                        Optional.of("0.0.0.0:5678"),
                        true,
                        Optional.of(folder.resolve("cache"))));
    }

    @Test
    void bodyMayComeFromStandardInput() {
        run("m.mar", "--input", "-");

        assertThat(bodies).containsExactly("typed");
        assertThat(trials.get(0).input()).doesNotExist();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "missing.mar --input body.txt | MODEL: missing.mar (expected: an archive, or a folder with a model's files)",
                "m.mar --input nothing | --input: nothing (expected: a file that can be read, or -)",
                "m.mar --input . | --input: . (expected: a file that can be read, or -)",
                "m.mar | Missing required option: '--input=FILE'",
                "m.mar --input body.txt --gpu-id -1 | --gpu-id: -1 (expected: 0 or more)",
                "m.mar --input body.txt --debugpy 0 | --debugpy: 0 (expected: PORT or HOST:PORT, with a port of 1..65535)",
                "m.mar --input body.txt --debugpy :99 | --debugpy: :99 (expected: PORT or HOST:PORT, with a port of 1..65535)",
                "m.mar --input body.txt --debugpy h:70000 | --debugpy: h:70000 (expected: PORT or HOST:PORT, with a port of 1..65535)"
            })
    void refusesWhatCannotBeRun(String arguments, String message) {
        assertThat(run(arguments.split(" "))).isEqualTo(SluiceCli.USAGE);
        assertThat(err.toString()).startsWith("error: " + message);
        assertThat(trials).isEmpty();
    }
}
