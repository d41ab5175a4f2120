// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WorkerMemoryTest {
    @TempDir
    private Path proc;

    /** Seen to fail when processes that are gone kept what they had. */
    @Test
    void knowsWhatEachProcessHeldAtTheLastLook() throws IOException {
        AtomicReference<long[]> processes = new AtomicReference<>(new long[] {7, 8, 9});
        Files.writeString(
                Files.createDirectory(proc.resolve("7")).resolve("status"),
                "Name:\tpython\nVmPeak:\t  9999 kB\nVmRSS:\t   2048 kB\n");
        Files.writeString(Files.createDirectory(proc.resolve("8")).resolve("status"), "Name:\tzombie\n");
        WorkerMemory memory = new WorkerMemory(() -> LongStream.of(processes.get()), proc);
        assertThat(memory.of(7)).isZero();

        memory.run();

        assertThat(memory.of(7)).isEqualTo(2048 * 1024);
        assertThat(memory.of(8)).isZero();
        assertThat(memory.of(9)).isZero();
        processes.set(new long[] {8});
        memory.run();
        assertThat(memory.of(7)).isZero();
    }
}
