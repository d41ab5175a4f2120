// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.python.setup;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One control group, version 2.
 *
 * <p>Source: Linux, {@code Documentation/admin-guide/cgroup-v2.rst}, for the names of its files.
 *
 * <p><b>Threads:</b> safe from any thread.
 */
final class ControlGroup implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ControlGroup.class);

    /** Microseconds. */
    private static final long PERIOD = 100_000;

    private static final int TRIES = 20;
    private static final long BETWEEN_MILLIS = 25;

    private final Path directory;

    ControlGroup(Path directory) {
        this.directory = directory;
    }

    /** All of its memory, so that a worker over its limit dies as a whole and at once. */
    void limitMemory(long bytes) throws IOException {
        ControlGroups.write(directory, "memory.max", Long.toString(bytes));
        optional("memory.swap.max", "0");
        optional("memory.oom.group", "1");
    }

    void limitCpus(double cpus) throws IOException {
        ControlGroups.write(directory, "cpu.max", Math.max(1_000, Math.round(cpus * PERIOD)) + " " + PERIOD);
    }

    /** Not every kernel has it. */
    private void optional(String file, String value) {
        if (Files.isWritable(directory.resolve(file))) {
            try {
                ControlGroups.write(directory, file, value);
            } catch (IOException e) {
                LOG.debug("{} was not taken", file, e);
            }
        }
    }

    void join(long pid) throws IOException {
        ControlGroups.write(directory, "cgroup.procs", Long.toString(pid));
    }

    /** Kills what is in it and deletes it; one that cannot be deleted is left to the next server. */
    @Override
    public void close() {
        optional("cgroup.kill", "1");
        CountDownLatch never = new CountDownLatch(1);
        try {
            for (int tries = 1; !isGone(); tries++) {
                if (tries == TRIES) {
                    LOG.warn("Control group {} could not be deleted: something in it lives on", directory.getFileName());
                    return;
                }
                boolean unused = never.await(BETWEEN_MILLIS, TimeUnit.MILLISECONDS);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private boolean isGone() {
        try {
            Files.deleteIfExists(directory);
            return true;
        } catch (IOException e) {
            LOG.debug("Not yet empty: {}", directory, e);
            return false;
        }
    }
}
