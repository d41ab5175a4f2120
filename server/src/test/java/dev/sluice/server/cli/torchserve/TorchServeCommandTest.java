// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.cli.torchserve;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.server.cli.Console;
import dev.sluice.server.cli.PackHost;
import dev.sluice.server.cli.SluiceCli;
import dev.sluice.server.config.SavedSettings;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** With a server that is a script: it writes down how it was called, and waits. */
@EnabledOnOs({OS.LINUX, OS.MAC})
class TorchServeCommandTest {
    private static final String SERVER = """
            #!/bin/sh
            echo "$SLUICE_JAVA_OPTS" > "$RECORD/options"
            for word in "$@"; do echo "$word"; done > "$RECORD/words.new"
            mv "$RECORD/words.new" "$RECORD/words"
            trap 'exit 7' TERM
            while :; do sleep 1; done
            """;

    @TempDir
    private Path folder;

    private final StringWriter out = new StringWriter();
    private final Map<String, String> environment = new HashMap<>();
    private Path temporary;
    private Path store;
    private Path program;

    @BeforeEach
    void prepare() throws IOException {
        temporary = Files.createDirectory(folder.resolve("tmp"));
        store = Files.createDirectory(folder.resolve("store"));
        environment.put("TMPDIR", temporary.toString());
        Path bin = Files.createDirectory(folder.resolve("bin"));
        program = Files.writeString(bin.resolve("sluice"), SERVER.replace("$RECORD", folder.toString()));
        Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwx------"));
    }

    /** Once it has written what it writes, so that nothing appears in a folder that is being deleted. */
    @AfterEach
    void endServer() throws IOException {
        if (Files.exists(temporary.resolve(".model_server.pid"))) {
            String unused = await(folder.resolve("words"));
        }
        for (String name : List.of(".model_server.pid", ".model_server.stopping")) {
            Path file = temporary.resolve(name);
            if (Files.exists(file)) {
                ProcessHandle.of(Long.parseLong(Files.readString(file)))
                        .filter(process -> !process.equals(ProcessHandle.current()))
                        .ifPresent(ProcessHandle::destroyForcibly);
            }
        }
    }

    @Test
    void tellsItsVersion() {
        assertThat(run("--version")).isEqualTo(SluiceCli.OK);
        assertThat(out.toString().strip()).isEqualTo("TorchServe Version is 1.2.3");
    }

    @Test
    void needsAModelStore() {
        assertThat(run()).isEqualTo(SluiceCli.FAILED);
        assertThat(out.toString().strip()).isEqualTo("Missing mandatory parameter --model-store");
        assertThat(temporary).isEmptyDirectory();
    }

    @Test
    void refusesWrongArguments() {
        assertThat(run("--start", "--stop")).isEqualTo(SluiceCli.USAGE);
        assertThat(run("--no-such-flag")).isEqualTo(SluiceCli.USAGE);
        assertThat(run("--models")).isEqualTo(SluiceCli.USAGE);
    }

    @Test
    void namesFilesThatAreNotThere() {
        assertThat(run("--model-store", "none", "--log-config", "no.xml", "--workflow-store", "nowhere"))
                .isEqualTo(SluiceCli.FAILED);
        assertThat(out.toString())
                .contains("model_store: none (expected: a directory that exists")
                .contains("--log-config: no.xml (expected: a file that exists)")
                .contains("--workflow-store: nowhere (expected: a directory that exists)");
        assertThat(run("--ts-config", "absent", "--model-store", store.toString()))
                .isEqualTo(SluiceCli.FAILED);
        assertThat(out.toString()).contains("absent (expected: a readable properties file)");
    }

    /** Seen to fail when vmargs are not handed on. */
    @Test
    void startsInTheBackgroundWithWhatTheFileSays() throws IOException {
        Path file = Files.writeString(
                folder.resolve("c"), "model_store=" + store + "\nvmargs=-Xmx1g  -Dlog4j.configurationFile=a -Da=b\n");
        environment.put("SLUICE_JAVA_OPTS", "-Dmine");

        assertThat(run("--start", "--ts-config", file.toString(), "--models", "a.mar", "b=c.mar", "--ncs", "--dt"))
                .isEqualTo(SluiceCli.OK);

        ProcessHandle server = server();
        assertThat(server.isAlive()).isTrue();
        assertThat(await(folder.resolve("words")).lines())
                .containsExactly(
                        "serve",
                        "--ts-config",
                        file.toString(),
                        "--models",
                        "a.mar",
                        "--models",
                        "b=c.mar",
                        "--no-config-snapshots",
                        "--disable-token-auth");
        assertThat(folder.resolve("options")).hasContent("-Xmx1g -Da=b -Dmine");
        assertThat(out.toString()).contains("-Dlog4j.configurationFile=a is ignored");
    }

    @Test
    void refusesASecondServer() throws IOException {
        assertThat(start()).isEqualTo(SluiceCli.OK);
        long first = server().pid();

        assertThat(start()).isEqualTo(SluiceCli.FAILED);
        assertThat(out.toString()).contains("A server is running already (process " + first + ")");
        assertThat(server().pid()).isEqualTo(first);
    }

    @Test
    void stopsWhatItStarted() throws IOException {
        assertThat(start()).isEqualTo(SluiceCli.OK);
        ProcessHandle server = server();
        await(folder.resolve("words"));
        Path keys = Files.writeString(folder.resolve("key_file.json"), "{}");

        assertThat(run("--stop", "--foreground")).isEqualTo(SluiceCli.OK);

        assertThat(server.isAlive()).isFalse();
        assertThat(keys).doesNotExist();
        assertThat(temporary).isEmptyDirectory();
    }

    @Test
    void startsAnotherOnceTheOneThatIsStoppingHasEnded() throws IOException {
        assertThat(start()).isEqualTo(SluiceCli.OK);
        ProcessHandle first = server();
        await(folder.resolve("words"));

        assertThat(run("--stop")).isEqualTo(SluiceCli.OK);
        Files.delete(folder.resolve("words"));
        assertThat(start()).isEqualTo(SluiceCli.OK);

        assertThat(first.isAlive()).isFalse();
        assertThat(server().pid()).isNotEqualTo(first.pid());
    }

    /** Seen to fail when whatever process has the number is taken for the server: this one would have been stopped. */
    @Test
    void leavesProcessesAloneThatAreNoServers() throws IOException {
        Path pid = Files.writeString(
                temporary.resolve(".model_server.pid"),
                Long.toString(ProcessHandle.current().pid()));

        assertThat(run("--stop")).isEqualTo(SluiceCli.OK);
        assertThat(out.toString()).contains("Removing orphan pid file.").contains("No server is running.");
        assertThat(pid).doesNotExist();
    }

    @Test
    void removesAPidFileNobodyOwns() throws IOException {
        Files.writeString(temporary.resolve(".model_server.pid"), "not a number");

        assertThat(start()).isEqualTo(SluiceCli.OK);
        assertThat(out.toString()).contains("Removing orphan pid file.");
        assertThat(server().isAlive()).isTrue();
    }

    /** Seen to fail: the server ran on, and nothing knew its number. */
    @Test
    @EnabledOnOs(OS.LINUX)
    void leavesNoServerBehindWhoseNumberCannotBeWrittenDown() {
        // A directory that takes no files, whoever asks.
        environment.put("TMPDIR", "/proc");

        assertThat(start()).isEqualTo(SluiceCli.FAILED);
        assertThat(out.toString()).contains(".model_server.pid cannot be written");
        assertThat(ProcessHandle.current().children())
                .allSatisfy(child -> assertThat(child.onExit()).succeedsWithin(Duration.ofSeconds(10)));
    }

    @Test
    void handsAConfigurationForTheOriginalsLogOn() throws IOException {
        Path log4j = Files.writeString(folder.resolve("log4j2.xml"), "<Configuration status=\"info\"/>");

        assertThat(run("--model-store", store.toString(), "--log-config", log4j.toString()))
                .isEqualTo(SluiceCli.OK);
        assertThat(await(folder.resolve("words"))).contains("--log-config").contains("log4j2.xml");
    }

    private int start() {
        return run("--start", "--model-store", store.toString());
    }

    private ProcessHandle server() throws IOException {
        return ProcessHandle.of(Long.parseLong(Files.readString(temporary.resolve(".model_server.pid"))))
                .orElseThrow();
    }

    /** What the server wrote, once it has. */
    private static String await(Path file) throws IOException {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (!Files.exists(file)) {
            assertThat(System.nanoTime()).as("time for %s", file).isLessThan(end);
            Thread.onSpinWait();
        }
        return Files.readString(file);
    }

    private int run(String... arguments) {
        Console console = new Console(
                new PrintWriter(out, true),
                new PrintWriter(out, true),
                InputStream.nullInputStream(),
                false,
                environment,
                folder,
                temporary,
                Optional.empty(),
                Optional.empty(),
                new PackHost(Optional.empty(), folder, "test-os", List.of("false")),
                InstantSource.system(),
                "1.2.3");
        LauncherHost host = new LauncherHost(Optional.of(List.of(program.toString())), SavedSettings.NONE);
        return TorchServeCommand.create(console, host).execute(arguments);
    }
}
