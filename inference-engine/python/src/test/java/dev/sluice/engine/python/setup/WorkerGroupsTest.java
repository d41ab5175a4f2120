// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.python.setup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Against files laid out as the kernel has them; nothing here enforces a limit. */
class WorkerGroupsTest {
    @TempDir
    private Path folder;

    private SetupFixture fixture;
    private Path mount;
    private Path membership;
    private Path own;

    @BeforeEach
    void prepare() throws IOException {
        fixture = new SetupFixture(folder);
        mount = Files.createDirectories(folder.resolve("cgroup"));
        membership = folder.resolve("self");
        own = Files.createDirectories(mount.resolve("system.slice/sluice.service"));
    }

    /** As systemd leaves it to a service with {@code Delegate=yes}. */
    private void delegate(String controllers, String processes) throws IOException {
        Files.writeString(mount.resolve("cgroup.controllers"), "cpu memory pids");
        Files.writeString(membership, "0::/system.slice/sluice.service\n");
        Files.writeString(own.resolve("cgroup.controllers"), controllers + "\n");
        Files.writeString(own.resolve("cgroup.procs"), processes + "\n");
        Files.writeString(own.resolve("cgroup.subtree_control"), "\n");
    }

    private static String self() {
        return Long.toString(ProcessHandle.current().pid());
    }

    private WorkerGroup open(Map<String, Object> worker) {
        return new WorkerGroups(fixture.settings(), mount, membership)
                .open(fixture.spec(Map.of("sluice", Map.of("worker", worker))));
    }

    private List<Path> groups() throws IOException {
        try (Stream<Path> below = Files.list(own)) {
            return below.filter(path -> path.getFileName().toString().startsWith("sluice-worker-"))
                    .toList();
        }
    }

    @Test
    void workerWithoutLimitsOnlyHidesFiles() throws IOException {
        delegate("memory cpu", self());

        try (WorkerGroup group = open(Map.of())) {
            assertThat(group.guardArguments()).containsExactly("--hide", "/keys/key_file.json");
            assertThat(group.hostingArguments()).isEmpty();
            assertThat(groups()).isEmpty();
        }
        assertThat(own.resolve("sluice-server")).doesNotExist();
    }

    @Test
    void workerLimitsItselfWhereNoGroupsCanBeMade() {
        fixture.memory = OptionalLong.of(4096);
        fixture.cpus = Optional.of(2.0);

        try (WorkerGroup group = open(Map.of("memory", "1k", "cpus", 3))) {
            assertThat(group.hostingArguments()).containsExactly("--memory", "1024", "--cpus", "2.0");
        }
    }

    @Test
    void handedOverGroupLimitsWorkers() throws IOException {
        delegate("memory cpu pids", self());

        try (WorkerGroup group = open(Map.of("memory", "512m", "cpus", 1.5))) {
            group.join(4711);

            assertThat(group.hostingArguments()).isEmpty();
            assertThat(own.resolve("sluice-server/cgroup.procs")).hasContent(self());
            Path made = groups().get(0);
            assertThat(made.resolve("memory.max")).hasContent("536870912");
            assertThat(made.resolve("cpu.max")).hasContent("150000 100000");
            assertThat(made.resolve("cgroup.procs")).hasContent("4711");
            // The kernel's files go with their folder.
            FileTrees.delete(made);
        }
        assertThat(groups()).isEmpty();
    }

    /** Seen to fail when the server moved itself whoever else was there. */
    @Test
    void groupSharedWithOthersIsLeftAlone() throws IOException {
        delegate("memory cpu", self() + "\n1");

        try (WorkerGroup group = open(Map.of("memory", "2g"))) {
            assertThat(group.hostingArguments()).endsWith("--memory", "2147483648");
        }
        assertThat(own.resolve("sluice-server")).doesNotExist();
        assertThat(own.resolve("cgroup.subtree_control")).hasContent("\n");
    }

    @Test
    void limitThatTheGroupCannotSetIsTheWorkersOwn() throws IOException {
        delegate("memory", self());

        try (WorkerGroup group = open(Map.of("memory", 1, "cpus", 0.5))) {
            assertThat(group.hostingArguments()).endsWith("--cpus", "0.5").doesNotContain("--memory");
            FileTrees.delete(groups().get(0));
        }
    }

    @Test
    void serverThatMovedAlreadyMakesGroupsBesideItself() throws IOException {
        delegate("memory cpu", "");
        Files.writeString(own.resolve("cgroup.subtree_control"), "memory cpu");
        Files.createDirectories(own.resolve("sluice-server"));
        Files.writeString(membership, "0::/system.slice/sluice.service/sluice-server\n");

        try (WorkerGroup group = open(Map.of("memory", "1m"))) {
            assertThat(group.hostingArguments()).doesNotContain("--memory");
            assertThat(groups()).hasSize(1);
            FileTrees.delete(groups().get(0));
        }
    }

    @Test
    void deletesGroupsOfServersThatAreGoneAndOfNoOthers() throws IOException {
        delegate("memory", self());
        Path gone = Files.createDirectory(own.resolve("sluice-worker-999999999-1-1"));
        Path reused = Files.createDirectory(own.resolve("sluice-worker-" + self() + "-12345-1"));
        Path other = Files.createDirectory(own.resolve("sluice-worker-of-someone"));
        long started =
                ProcessHandle.current().info().startInstant().orElseThrow().toEpochMilli();
        Path alive = Files.createDirectory(own.resolve("sluice-worker-" + self() + "-" + started + "-77"));

        try (WorkerGroup group = open(Map.of("memory", "1m"))) {
            assertThat(group.hostingArguments()).doesNotContain("--memory");
            assertThat(gone).doesNotExist();
            assertThat(reused).doesNotExist();
            assertThat(other).exists();
            assertThat(alive).exists();
            FileTrees.delete(own.resolve("sluice-worker-" + self() + "-" + started + "-1"));
        }
    }

    @Test
    void membershipThatLeadsElsewhereIsNotFollowed() throws IOException {
        delegate("memory", self());
        Files.writeString(membership, "0::/../../elsewhere\n");

        try (WorkerGroup group = open(Map.of("memory", "1m"))) {
            assertThat(group.hostingArguments()).contains("--memory");
        }
    }

    @ParameterizedTest
    @CsvSource({"512m, 536870912", "2G, 2147483648", "64KiB, 65536", "1 gb, 1073741824", "77, 77", "1t, 1099511627776"})
    void readsSizes(String size, String bytes) {
        try (WorkerGroup group = open(Map.of("memory", size))) {
            assertThat(group.hostingArguments()).endsWith("--memory", bytes);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "2x", "-1g", "1.5g", "0", "99999999999t", "all"})
    void refusesSizesThatAreNone(String size) {
        assertThatThrownBy(() -> open(Map.of("memory", size)))
                .hasMessageStartingWith("sluice.worker.memory: " + size + " (expected: ");
    }

    @Test
    void refusesProcessorsThatAreNone() {
        for (Object cpus : List.of("two", 0, -1, Double.NaN, Double.POSITIVE_INFINITY)) {
            assertThatThrownBy(() -> open(Map.of("cpus", cpus)))
                    .hasMessage("sluice.worker.cpus: " + cpus + " (expected: a number above 0)");
        }
    }
}
