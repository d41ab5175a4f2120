// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.python;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The processes of one session: a worker begins one, and what it starts stays in it, also when the worker itself is gone.
 *
 * <p><b>Threads:</b> safe from any thread.
 *
 * <p><b>Source:</b> proc(5), {@code /proc/[pid]/stat}, field 6.
 */
final class ProcessSession {
    private static final Path PROCESSES = Path.of("/proc");

    /** Of the fields behind the name, which may have blanks and brackets in it: state, parent, group, session. */
    private static final int SESSION_FIELD = 3;

    private ProcessSession() {}

    /** Kills all that are left in the session that {@code leader} began, on systems that tell. */
    static void end(long leader) {
        if (!Files.isDirectory(PROCESSES.resolve("self"))) {
            return;
        }
        ProcessHandle.allProcesses()
                .filter(process -> process.pid() != leader && isIn(leader, process.pid()))
                .forEach(ProcessHandle::destroyForcibly);
    }

    private static boolean isIn(long leader, long process) {
        try {
            byte[] bytes = Files.readAllBytes(PROCESSES.resolve(Long.toString(process)).resolve("stat"));
            String stat = new String(bytes, StandardCharsets.ISO_8859_1);
            String[] fields = stat.substring(stat.lastIndexOf(')') + 1).strip().split(" ", SESSION_FIELD + 2);
            return fields.length > SESSION_FIELD && fields[SESSION_FIELD].equals(Long.toString(leader));
        } catch (IOException e) {
            // It has ended, or is none of our business.
            return false;
        }
    }
}
