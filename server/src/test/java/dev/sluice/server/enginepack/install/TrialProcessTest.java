// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.enginepack.install;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TrialProcessTest {
    @TempDir
    private Path folder;

    @AfterEach
    void leavesNothingBehind() {
        assertThat(folder).isEmptyDirectory();
    }

    @Test
    void givesWhatTheProcessSaid() {
        assertThat(shell("echo fine; touch left-behind").run("verb")).isEqualTo("fine");
    }

    @Test
    void saysHowAProcessFailed() {
        assertThatThrownBy(() -> shell("echo why >&2; exit 3").run("verb"))
                .hasMessage("the trial failed: its process ended with exit code 3. It said: why");
    }

    @Test
    void survivesAProcessThatCrashes() {
        assertThatThrownBy(() -> shell("kill -SEGV $$").run("verb")).hasMessageContaining("ended with exit code 139");
    }

    @Test
    void endsAProcessThatHangs() {
        TrialProcess trial = new TrialProcess(List.of("sh", "-c", "exec sleep 600"), folder, Duration.ofSeconds(1));

        assertThatThrownBy(() -> trial.run("verb")).hasMessageContaining("had not ended after 1 s");
    }

    @Test
    void saysThatThereIsNoSuchProgram() {
        TrialProcess trial = new TrialProcess(List.of("/no/such/program"), folder, Duration.ofSeconds(1));

        assertThatThrownBy(() -> trial.run("verb")).hasMessageContaining("cannot be started");
    }

    private TrialProcess shell(String script) {
        return new TrialProcess(List.of("sh", "-c", script), folder, Duration.ofSeconds(60));
    }
}
