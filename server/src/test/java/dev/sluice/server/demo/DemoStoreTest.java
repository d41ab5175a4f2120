// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.demo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.archive.ArchiveLimits;
import dev.sluice.archive.ArchiveReader;
import dev.sluice.server.cli.ServerClient;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DemoStoreTest {
    private static final Path DIGITS = Path.of("../integration-tests/models/digits");

    @Test
    void packsBothModelsAndDeletesThemAgain(@TempDir Path folder) {
        Path directory;
        try (DemoStore store = DemoStore.pack(DIGITS, folder, () -> Instant.parse("2026-01-01T00:00:00Z"))) {
            directory = store.directory();
            for (String model : DemoStore.MODELS) {
                ArchiveReader archive = ArchiveReader.of(directory.resolve(model + ".mar"), ArchiveLimits.defaults());
                assertThat(archive.verify()).isEmpty();
                assertThat(archive.manifest().model().modelName()).contains(model);
            }
            assertThat(store.samples()).extracting(DigitSample::label).containsExactly(0, 1, 2, 3, 4, 5, 6, 7, 8, 9);
        }
        assertThat(directory).doesNotExist();
    }

    @Test
    void namesThePictureThatIsMissing(@TempDir Path folder) {
        assertThatThrownBy(() -> DemoStore.pack(folder, folder, () -> Instant.EPOCH))
                .hasMessageContaining("digit-0.png");
    }

    @Test
    void drawsThePictureBesideTheAnswers(@TempDir Path folder) {
        DigitSample one = sample(folder, 1);
        Map<String, double[]> answers = new LinkedHashMap<>();
        answers.put("right", probabilities("{\"1\": 0.75, \"7\": 0.25}"));
        answers.put("wrong", probabilities("{\"7\": 0.75, \"1\": 0.25}"));

        List<String> lines = new AnswerView(false).lines(one, answers);

        assertThat(lines).hasSize(8).allMatch(line -> line.chars().allMatch(letter -> letter < 128));
        assertThat(lines.get(0)).endsWith("right       says 1   75.00 %  right");
        assertThat(lines.get(1)).endsWith("wrong       says 7   75.00 %  wrong: it is 1");
        assertThat(lines.get(4)).contains("1 #########     75.00 %");
        assertThat(lines.get(5)).endsWith("7 ###           25.00 %");
        assertThat(lines.stream()
                        .map(line -> line.substring(2, Math.min(18, line.length())))
                        .toList())
                .anyMatch(row -> row.contains("##"));
        assertThat(String.join("", new AnswerView(true).lines(one, answers))).contains("\u2588");
    }

    @Test
    void takesNoAnswerForAWrongOne(@TempDir Path folder) {
        assertThat(sample(folder, 0).isRight(probabilities("{}"))).isFalse();
        assertThat(sample(folder, 0).isRight(probabilities("{\"0\": 0.5}"))).isTrue();
    }

    private static DigitSample sample(Path folder, int label) {
        try (DemoStore store = DemoStore.pack(DIGITS, folder, () -> Instant.parse("2026-01-01T00:00:00Z"))) {
            return store.samples().get(label);
        }
    }

    private static double[] probabilities(String json) {
        return DigitSample.probabilities(ServerClient.json(json.getBytes(StandardCharsets.UTF_8)));
    }
}
