// SPDX-License-Identifier: Apache-2.0
package dev.sluice.blackbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.stream.Stream;

/** What the kernel says of processes. */
final class Processes {
    private Processes() {}

    /** A process that nobody has waited for yet is gone, too: in a container there may be nobody who does. */
    static boolean runs(long pid) {
        try {
            String stat = Files.readString(Path.of("/proc", Long.toString(pid), "stat"));
            return stat.charAt(stat.lastIndexOf(')') + 2) != 'Z';
        } catch (IOException e) {
            return false;
        }
    }

    static void kill(long pid) {
        assertThat(ProcessHandle.of(pid).map(ProcessHandle::destroyForcibly)).contains(true);
    }

    static void awaitGone(Collection<Long> pids, Duration most) {
        await().atMost(most)
                .pollInterval(Duration.ofMillis(50))
                .untilAsserted(() -> assertThat(pids).noneMatch(Processes::runs));
    }

    /** The processes that descend from the server's, those left out that have ended. */
    static List<Long> below(SluiceServer server) {
        try (Stream<ProcessHandle> all = server.process().descendants()) {
            return all.map(ProcessHandle::pid).filter(Processes::runs).toList();
        }
    }

    static long openFiles(SluiceServer server) {
        try (Stream<Path> files =
                Files.list(Path.of("/proc", Long.toString(server.process().pid()), "fd"))) {
            return files.count();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Sockets that are files below a folder. */
    static List<Path> sockets(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            return files.filter(file ->
                            !Files.isRegularFile(file) && !Files.isDirectory(file) && !Files.isSymbolicLink(file))
                    .toList();
        }
    }
}
