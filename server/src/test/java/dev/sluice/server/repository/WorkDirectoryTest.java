// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.repository;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WorkDirectoryTest {
    /** Seen to fail when a lock was not asked for: the directory of a living server was deleted. */
    @Test
    void deletesWhatProcessesLeftThatAreGoneAndNothingElse(@TempDir Path parent) throws IOException {
        Path left = Files.createDirectories(parent.resolve("sluice-left/models/m"));
        Files.writeString(left.resolve("model.onnx"), "weights");
        Files.createFile(parent.resolve("sluice-left/.alive"));
        Path unmarked = Files.createDirectories(parent.resolve("sluice-unmarked/models"));
        Path other = Files.createDirectories(parent.resolve("other"));
        Files.createFile(other.resolve(".alive"));
        Path link = Files.createSymbolicLink(parent.resolve("sluice-link"), other);

        try (WorkDirectory living = WorkDirectory.below(parent);
                WorkDirectory own = WorkDirectory.below(parent)) {
            own.deleteAbandoned();

            assertThat(parent.resolve("sluice-left")).doesNotExist();
            assertThat(unmarked).exists();
            assertThat(other.resolve(".alive")).exists();
            assertThat(link).exists();
            assertThat(living.models()).exists();
            assertThat(own.models()).exists();
        }
        try (var files = Files.list(parent)) {
            assertThat(files).containsExactlyInAnyOrder(parent.resolve("sluice-unmarked"), other, link);
        }
    }
}
