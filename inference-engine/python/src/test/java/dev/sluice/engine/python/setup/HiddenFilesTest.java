// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.python.setup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.sluice.model.ModelSpec;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What code of a handler can read, in a process that was prepared as a worker is, with the arguments of its group. */
class HiddenFilesTest {
    private static final String SECRET = "token-of-the-server";

    /** Prepares itself as a worker does, says so, waits for a line, then tries each way it knows to the file. */
    private static final String WORKER = """
            import ctypes, os, sys
            path = sys.argv[2]
            libc = ctypes.CDLL(None, use_errno=True)
            def read(name):
                with open(name) as file:
                    return file.read()
            def by_link():
                os.symlink(path, path + "-link-" + str(os.getpid()))
                return read(path + "-link-" + str(os.getpid()))
            def by_hard_link():
                os.link(path, path + "-hard-" + str(os.getpid()))
                return read(path + "-hard-" + str(os.getpid()))
            def by_unmounting():
                libc.umount2(path.encode(), 2)
                return read(path)
            def by_the_servers_namespace():
                with open("/proc/%d/ns/mnt" % os.getppid()) as namespace:
                    libc.setns(namespace.fileno(), 0)
                return read(path)
            def by_a_namespace_of_its_own():
                libc.unshare(0x10020000)
                libc.umount2(path.encode(), 2)
                return read(path)
            def by_the_folder_elsewhere():
                libc.mount(os.path.dirname(path).encode(), sys.argv[1].encode(), None, 4096, None)
                return read(os.path.join(sys.argv[1], os.path.basename(path)))
            def by_moving_it():
                os.rename(path, path + "-moved")
                return read(path + "-moved")
            ways = [lambda: read(path), lambda: read("/proc/self/root" + path), lambda: read("/proc/1/root" + path),
                lambda: read("/proc/%d/root%s" % (os.getppid(), path)), lambda: read("/proc/self/cwd/" + os.path.relpath(path)),
                by_link, by_hard_link, by_unmounting, by_the_servers_namespace, by_a_namespace_of_its_own,
                by_the_folder_elsewhere, by_moving_it]
            print("ready", flush=True)
            sys.stdin.readline()
            # First: one of the ways below is to another user namespace, where less is allowed.
            ways.insert(0, lambda: read("/proc/%d/environ" % os.getppid())[:9])
            for number, way in enumerate(ways, -1):
                try:
                    print(number, way().strip())
                except OSError as refused:
                    print(number, refused.strerror)
            """;

    @TempDir
    private Path folder;

    private SetupFixture fixture;
    private Path keys;
    private @Nullable Process worker;
    private String python = "python3";

    @BeforeEach
    void prepare() throws IOException {
        fixture = new SetupFixture(folder);
        keys = Files.writeString(folder.toRealPath().resolve("key_file.json"), SECRET);
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
        Files.setPosixFilePermissions(keys, PosixFilePermissions.fromString("rw-------"));
    }

    @AfterEach
    void endWorker() {
        if (worker != null) {
            worker.destroyForcibly();
        }
    }

    private static Path home() {
        return Path.of("src", "main", "python").toAbsolutePath();
    }

    /** What a worker reads, all lines of it. */
    private List<String> seen(Optional<String> user, List<Path> hidden, String whileItRuns) throws IOException {
        EnvironmentSettings settings = new EnvironmentSettings(
                python,
                false,
                fixture.cache,
                List.of(),
                System.getenv(),
                List.of(),
                Optional.empty(),
                hidden,
                user,
                OptionalLong.empty(),
                Optional.empty());
        ModelSpec spec = fixture.spec(Map.of());
        try (PythonEnvironments environments = new PythonEnvironments(settings);
                WorkerGroup group = new WorkerGroups(settings).open(spec)) {
            String interpreter = environments.prepare(spec).interpreter().toString();
            List<String> command = new ArrayList<>(List.of(
                    interpreter,
                    "-I",
                    "-S",
                    home().resolve("sluice_worker/guarding.py").toString()));
            command.addAll(group.guardArguments());
            command.addAll(List.of("--", interpreter, "-c", WORKER, home().toString(), keys.toString()));
            ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
            builder.environment().put("PYTHONPATH", fixture.model.toString());
            Process process = builder.start();
            worker = process;
            group.join(process.pid());
            BufferedReader said =
                    new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
            List<String> before = new ArrayList<>();
            for (String line = said.readLine(); line != null && !line.equals("ready"); line = said.readLine()) {
                before.add(line);
            }
            // A kernel that offers neither way is told of, and nothing can be promised there.
            assumeFalse(
                    before.stream().anyMatch(line -> line.startsWith("WARNING: handlers can read")),
                    "this kernel offers neither mount namespaces nor Landlock");
            Files.writeString(keys, whileItRuns, StandardOpenOption.TRUNCATE_EXISTING);
            process.getOutputStream().write('\n');
            process.getOutputStream().flush();
            return Stream.concat(before.stream(), said.lines()).toList();
        }
    }

    @Test
    void handlerReadsTheTokensNoWay() throws IOException {
        assertThat(seen(Optional.empty(), List.of(keys), SECRET)).hasSize(13).noneMatch(line -> line.contains(SECRET));
    }

    @Test
    void handlerReadsNoTokensThatAreRenewedWhileItRuns() throws IOException {
        assertThat(seen(Optional.empty(), List.of(keys), "renewed-" + SECRET))
                .hasSize(13)
                .noneMatch(line -> line.contains(SECRET));
    }

    @Test
    void handlerOfAnotherUserReadsThemNeither() throws IOException {
        assumeTrue(System.getProperty("user.name").equals("root"), "only root can become another user");
        python = "/usr/bin/python3";
        assumeTrue(Files.isExecutable(Path.of(python)), "there is no interpreter that anybody may run");
        assertThat(seen(Optional.of("nobody"), List.of(keys), SECRET))
                .hasSize(13)
                .noneMatch(line -> line.contains(SECRET));
    }

    /** Seen to fail while a worker kept the right to measure others. */
    @Test
    void handlerReadsNoVariablesOfTheServer() throws IOException {
        assertThat(seen(Optional.empty(), List.of(keys), SECRET))
                .filteredOn(line -> line.startsWith("-1 "))
                .singleElement()
                .isEqualTo("-1 Permission denied");
        endWorker();
        Path process = Path.of("/proc", Long.toString(ProcessHandle.current().pid()));
        assertThat(seen(Optional.empty(), List.of(process), SECRET))
                .filteredOn(line -> line.startsWith("-1 "))
                .singleElement()
                .isEqualTo("-1 No such file or directory");
    }

    /** Python runs modules of certain names by itself. Seen to fail without -I and -S. */
    @ParameterizedTest
    @ValueSource(strings = {"sitecustomize.py", "usercustomize.py", "argparse.py", "pwd.py", "os.py"})
    void moduleOfTheModelRunsNoEarlier(String name) throws IOException {
        fixture.write(name, "try:\n    print('EARLY', open('" + keys + "').read())\nexcept OSError:\n    pass\n");

        assertThat(seen(Optional.empty(), List.of(keys), SECRET)).noneMatch(line -> line.contains(SECRET));
    }

    /** So that the ways above are ways. */
    @Test
    void whatIsNotHiddenIsRead() throws IOException {
        assertThat(seen(Optional.empty(), List.of(), SECRET))
                .contains("0 " + SECRET, "1 " + SECRET, "5 " + SECRET, "6 " + SECRET, "11 " + SECRET);
    }
}
