// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.python;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.engine.IterationEngine;
import dev.sluice.engine.ModelInstance.Condition;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class ContinuousInstanceTest {
    @TempDir
    Path folder;

    private Bench bench;
    private IterationEngine engine;

    @BeforeEach
    void start() {
        bench = new Bench(folder);
        bench.batchSize = 3;
        bench.options.put("continuousBatching", true);
        bench.workers.put("START", "steps");
        engine = (IterationEngine) bench.load().newInstance();
    }

    @AfterEach
    void close() {
        engine.close();
        bench.close();
    }

    /** The worker fails if it is sent the inputs of a request twice. */
    @Test
    void letsRequestsJoinAndLeaveBetweenSteps() {
        Bench.Sink sink = new Bench.Sink(3);
        engine.begin(0, Requests.body("a", "A"));
        engine.step(List.of(0), sink);
        engine.begin(2, Requests.body("b", "B"));
        engine.step(List.of(0, 2), sink);
        engine.step(List.of(0, 2), sink);
        assertThat(sink.ended).containsExactly(0);
        engine.free(0);
        engine.begin(0, Requests.body("c", "C"));
        engine.step(List.of(0, 2), sink);
        assertThat(sink.ended).containsExactly(0, 2);
        assertThat(sink.said(0)).containsExactly("A1/1 ,", "A2/2 ,", "A3/2 ", "C1/2 ,");
        assertThat(sink.said(2)).containsExactly("B1/2 ,", "B2/2 ,", "B3/2 ");
        assertThat(engine.condition()).isEqualTo(Condition.FIT);
    }

    /** Handlers keep what they know of a request under its id; seen to fail when both went by the same. */
    @Test
    void tellsRequestsWithTheSameIdApart() {
        Bench.Sink sink = new Bench.Sink(2);
        engine.begin(0, Requests.body("a", "A"));
        engine.begin(1, Requests.body("a", "B"));
        engine.step(List.of(0, 1), sink);
        assertThat(sink.said(0)).containsExactly("A1/2 ,");
        assertThat(sink.said(1)).containsExactly("B1/2 ,");
    }

    @Test
    void isLostWithAllInWork() {
        Bench.Sink sink = new Bench.Sink(2);
        engine.begin(0, Requests.body("a", "!die"));
        engine.begin(1, Requests.body("b", "B"));
        assertThatThrownBy(() -> engine.step(List.of(0, 1), sink)).hasMessage("Worker died.");
        assertThat(engine.condition()).isEqualTo(Condition.LOST);
    }
}
