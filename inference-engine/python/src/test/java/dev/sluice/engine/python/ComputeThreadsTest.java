// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.python;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.model.BatchSpec;
import dev.sluice.model.InstanceSpec;
import dev.sluice.model.LimitSpec;
import dev.sluice.model.ModelFiles;
import dev.sluice.model.ModelId;
import dev.sluice.model.ModelSpec;
import dev.sluice.model.Placement;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ComputeThreadsTest {
    private static final Map<String, String> NONE = Map.of("LANG", "C");

    private static ModelSpec spec(int workers, OptionalInt threads) {
        return new ModelSpec(
                new ModelId("m", "1.0"),
                "m.mar",
                new ModelFiles(Path.of("m"), Optional.empty()),
                Optional.of(PythonModelLoader.ENGINE),
                "handler.py",
                new BatchSpec(1, Duration.ZERO),
                new InstanceSpec(0, workers),
                new Placement(List.of(), threads),
                new LimitSpec(1, Duration.ofSeconds(1), Duration.ofSeconds(1)),
                Map.of());
    }

    /** Seen to fail when each worker got all processors. */
    @ParameterizedTest
    @CsvSource({"1, 8, 8", "2, 8, 4", "3, 8, 2", "16, 8, 1", "0, 8, 8"})
    void aWorkerGetsItsShareOfTheProcessors(int workers, int processors, String share) {
        assertThat(ComputeThreads.limit(NONE, spec(workers, OptionalInt.empty()), processors))
                .containsEntry("OMP_NUM_THREADS", share)
                .containsEntry("LANG", "C");
    }

    @Test
    void whatIsThereStays() {
        assertThat(ComputeThreads.limit(Map.of("OMP_NUM_THREADS", "7"), spec(2, OptionalInt.empty()), 8))
                .containsEntry("OMP_NUM_THREADS", "7");
    }

    @Test
    void theModelsOwnNumberComesFirst() {
        assertThat(ComputeThreads.limit(Map.of("OMP_NUM_THREADS", "7"), spec(2, OptionalInt.of(3)), 8))
                .containsEntry("OMP_NUM_THREADS", "3");
    }
}
