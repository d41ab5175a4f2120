// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.metrics.torchserve;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.server.config.MetricsConfig.Mode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class SystemMetricsTest {
    private final OriginalMetrics metrics =
            new OriginalMetrics(Mode.PROMETHEUS, MetricDefinitions.own(), false, "h1", InstantSource.system());

    @TempDir
    Path temp;

    private String pageAfter(Optional<List<String>> command, Duration limit) {
        new SystemMetrics(metrics, command, new CommandLines(limit)).run();
        StringBuilder page = new StringBuilder();
        metrics.print(page, false);
        return page.toString();
    }

    @Test
    void looksAtTheMachine() {
        String page = pageAfter(Optional.empty(), Duration.ofSeconds(10));

        for (String name : List.of("CPUUtilization", "MemoryUtilization", "DiskUtilization")) {
            assertThat(page).containsPattern(name + "\\{Level=\"Host\",Hostname=\"h1\",\\} \\d{1,3}\\.\\d+\n");
        }
        for (String name : List.of("MemoryUsed", "MemoryAvailable", "DiskUsage", "DiskAvailable")) {
            assertThat(page).containsPattern(name + "\\{Level=\"Host\",Hostname=\"h1\",\\} [1-9]");
        }
    }

    @Test
    void runsACommandInsteadAndNoShell() throws Exception {
        Path lines = Files.writeString(temp.resolve("lines"), """
                CPUUtilization.Percent:12.5|#Level:Host|#hostname:h9,1717105307
                nonsense

                MemoryUsed.Megabytes:1|#Level:Host|#hostname:h9,1717105307
                """);

        String page = pageAfter(Optional.of(CommandLines.words("cat '" + lines + "'")), Duration.ofSeconds(10));

        assertThat(page)
                .contains("CPUUtilization{Level=\"Host\",Hostname=\"h9\",} 12.5\n")
                .doesNotContain("MemoryUsed{");
        assertThat(CommandLines.words("a 'b c' \"d;e\" $(x) ''")).containsExactly("a", "b c", "d;e", "$(x)", "");
    }

    /** Seen to fail (the test timed out) when nobody ended the process. */
    @Test
    void endsACommandThatTakesTooLong() {
        String page = pageAfter(Optional.of(List.of("sleep", "50")), Duration.ofMillis(200));

        assertThat(page).doesNotContain("CPUUtilization{");
        assertThat(pageAfter(Optional.of(List.of("no-such-command-here")), Duration.ofSeconds(1)))
                .doesNotContain("CPUUtilization{");
    }

    /** Seen to fail (the test timed out) when the output was read to its end. */
    @Test
    @Timeout(10)
    void waitsForNobodyWhoHoldsTheOutputOpen() {
        CommandLines commands = new CommandLines(Duration.ofMillis(500));

        assertThat(commands.run(List.of("sh", "-c", "sleep 30 & sleep 30"))).isEmpty();
        assertThat(commands.run(List.of("sh", "-c", "echo a; sleep 30 & echo b")))
                .contains(List.of("a", "b"));
    }
}
