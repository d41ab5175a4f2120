// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.metrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

class ProcessMemoryTest {
    @Test
    void readsTheResidentSetFromWhatTheSystemSays(@TempDir Path folder) throws Exception {
        Path status = Files.writeString(
                folder.resolve("status"), "Name:\tjava\nVmHWM:\t  999999 kB\nVmRSS:\t  123456 kB\nThreads:\t9\n");

        assertThat(new ProcessMemory(status).residentBytes()).hasValue(123456L * 1024);
    }

    @Test
    void knowsNothingWhereTheSystemSaysNothing(@TempDir Path folder) throws Exception {
        Path garbled = Files.writeString(folder.resolve("status"), "VmRSS:\tmuch\n");
        Path silent = Files.writeString(folder.resolve("silent"), "Name:\tjava\n");

        assertThat(new ProcessMemory(folder.resolve("none")).residentBytes()).isEmpty();
        assertThat(new ProcessMemory(garbled).residentBytes()).isEmpty();
        assertThat(new ProcessMemory(silent).residentBytes()).isEmpty();
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void knowsThisProcess() {
        assertThat(new ProcessMemory().residentBytes().orElse(0)).isGreaterThan(1 << 20);
    }

    @Test
    void trimsOrLeavesItButNeverFails() {
        assertThatCode(() -> new ProcessMemory().trim()).doesNotThrowAnyException();
    }
}
