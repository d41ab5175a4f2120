// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.python;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Who listens on a port of this machine, on systems that tell: a port that was free when a worker was told to listen on it may be
 * somebody else's by the time it is connected to.
 *
 * <p><b>Threads:</b> safe from any thread.
 */
final class PortHolder {
    private static final Path PROCESSES = Path.of("/proc");
    private static final List<Path> SOCKETS = List.of(Path.of("/proc/self/net/tcp"), Path.of("/proc/self/net/tcp6"));
    private static final int ADDRESS_FIELD = 1;
    private static final int STATE_FIELD = 3;
    private static final int NUMBER_FIELD = 9;
    private static final String LISTENS = "0A";

    private PortHolder() {}

    /** Whether it is known that those who listen on {@code port} are neither {@code process} nor one that it started. */
    static boolean isSomebodyElse(ProcessHandle process, int port) {
        try {
            Set<String> listening = listening(port);
            if (listening.isEmpty()) {
                return false;
            }
            List<ProcessHandle> family =
                    Stream.concat(Stream.of(process), process.descendants()).toList();
            for (ProcessHandle member : family) {
                if (holdsOne(member.pid(), listening)) {
                    return false;
                }
            }
            // A worker that has been connected to closes its own, maybe between the two looks.
            listening.retainAll(listening(port));
            return !listening.isEmpty();
        } catch (IOException e) {
            // The system does not tell, or somebody has just ended.
            return false;
        }
    }

    /** As the system's files name open sockets. */
    private static Set<String> listening(int port) throws IOException {
        String suffix = String.format(Locale.ROOT, ":%04X", port);
        Set<String> found = new HashSet<>();
        for (Path table : SOCKETS) {
            if (!Files.isReadable(table)) {
                continue;
            }
            for (String line : Files.readAllLines(table, StandardCharsets.ISO_8859_1)) {
                String[] fields = line.strip().split("\\s+", -1);
                if (fields.length > NUMBER_FIELD
                        && fields[STATE_FIELD].equals(LISTENS)
                        && fields[ADDRESS_FIELD].endsWith(suffix)) {
                    found.add("socket:[" + fields[NUMBER_FIELD] + "]");
                }
            }
        }
        return found;
    }

    private static boolean holdsOne(long process, Set<String> sockets) throws IOException {
        List<Path> files;
        try (Stream<Path> open =
                Files.list(PROCESSES.resolve(Long.toString(process)).resolve("fd"))) {
            files = open.toList();
        }
        for (Path file : files) {
            if (sockets.contains(target(file))) {
                return true;
            }
        }
        return false;
    }

    /** What an open file is; nothing if it has been closed meanwhile. */
    private static String target(Path file) {
        try {
            return Files.readSymbolicLink(file).toString();
        } catch (IOException e) {
            return "";
        }
    }
}
