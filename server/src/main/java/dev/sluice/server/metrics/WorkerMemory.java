// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.metrics;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Supplier;
import java.util.stream.LongStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How much memory the processes of workers hold, as of the last look.
 *
 * <p><b>Threads:</b> {@link #run} is for one thread at a time, and reads files; {@link #of} is for any, and waits for nothing.
 */
public final class WorkerMemory implements Runnable {
    private static final Logger LOG = LoggerFactory.getLogger(WorkerMemory.class);
    private static final String RESIDENT = "VmRSS:";

    private final Supplier<LongStream> processes;
    private final Path root;

    /** Written by the one thread that runs this. */
    private volatile Map<Long, Long> bytes = Map.of();

    /** @param processes ids of those that are looked at */
    public WorkerMemory(Supplier<LongStream> processes) {
        this(processes, Path.of("/proc"));
    }

    WorkerMemory(Supplier<LongStream> processes, Path root) {
        this.processes = processes;
        this.root = root;
    }

    @Override
    public void run() {
        Map<Long, Long> seen = new HashMap<>();
        processes.get().forEach(pid -> seen.put(pid, resident(pid)));
        bytes = Map.copyOf(seen);
    }

    /** Bytes that process holds; 0 if nobody knows. */
    public long of(long pid) {
        return bytes.getOrDefault(pid, 0L);
    }

    private long resident(long pid) {
        try {
            for (String line :
                    Files.readAllLines(root.resolve(Long.toString(pid)).resolve("status"))) {
                if (line.startsWith(RESIDENT)) {
                    return Long.parseLong(line.replaceAll("[^0-9]", "")) * 1024;
                }
            }
        } catch (IOException | NumberFormatException e) {
            LOG.debug("Process {} tells nothing of its memory", pid, e);
        }
        return 0;
    }
}
