// SPDX-License-Identifier: Apache-2.0
package dev.sluice.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.sluice.fixture.Specs;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ModelRecordsTest {
    private static void refuses(ThrowingCallable making, String message) {
        assertThatIllegalArgumentException().isThrownBy(making).withMessage(message);
    }

    @Test
    void showTheBadValueAndWhatWasExpected() {
        refuses(() -> new BatchSpec(0, Duration.ZERO), "batchSize: 0 (expected: 1 or more)");
        refuses(
                () -> new BatchSpec(4, Duration.ZERO)
                        .withSplits()
                        .withSequences(new SequenceSpec(1, 1, Duration.ofSeconds(1), Duration.ZERO)),
                "split: true (expected: false, since requests of a sequence run one after the other)");
        refuses(
                () -> new SequenceSpec(0, 1, Duration.ofSeconds(1), Duration.ZERO),
                "maxNumSequence: 0 (expected: 1 or more)");
        refuses(
                () -> new SequenceSpec(1, 1, Duration.ZERO, Duration.ZERO),
                "sequenceMaxIdleMSec: 0 (expected: 1 or more)");
        refuses(() -> new BatchSpec(1, Duration.ofMillis(-5)), "maxBatchDelay: -5 ms (expected: 0 or more)");
        refuses(() -> new InstanceSpec(-1, 0), "minWorkers: -1 (expected: 0 or more)");
        refuses(() -> new InstanceSpec(3, 2), "maxWorkers: 2 (expected: 3 or more)");
        refuses(
                () -> new LimitSpec(0, Duration.ofSeconds(1), Duration.ofSeconds(1)),
                "jobQueueSize: 0 (expected: 1 or more)");
        refuses(() -> new ModelId("", "1.0"), "model: '' version: '1.0' (expected: both not empty)");
        refuses(() -> new ModelId("digits", ""), "model: 'digits' version: '' (expected: both not empty)");
    }

    @Test
    void takeTheSmallestLegalValues() {
        assertThatCode(() -> {
                    new BatchSpec(1, Duration.ZERO);
                    new InstanceSpec(0, 0);
                    new LimitSpec(1, Duration.ZERO, Duration.ZERO);
                    new ModelId("a", "0");
                })
                .doesNotThrowAnyException();
    }

    @ParameterizedTest
    @CsvSource({"0,0,5,0", "1,1,0,1", "2,4,1,2", "2,4,3,3", "2,4,9,4", "0,4,0,0"})
    void instanceSpecMovesTheCurrentNumberIntoItsBounds(int min, int max, int current, int expected) {
        assertThat(new InstanceSpec(min, max).target(current)).isEqualTo(expected);
    }

    @Test
    void specsShareNoMapWithTheirMakersAndKeepAllElseWhenScaled() {
        Map<String, Object> options = new HashMap<>(Map.of("a", 1));
        ModelSpec plain = Specs.spec(new ModelId("m", "1"), 1);
        ModelSpec spec = new ModelSpec(
                plain.id(),
                plain.location(),
                plain.files(),
                plain.engine(),
                plain.handler(),
                plain.batching(),
                plain.instances(),
                plain.limits(),
                options);
        options.clear();

        ModelSpec scaled = spec.withInstances(new InstanceSpec(2, 3));
        assertThat(scaled.instances()).isEqualTo(new InstanceSpec(2, 3));
        assertThat(scaled.withInstances(plain.instances())).isEqualTo(spec);
        assertThat(scaled.options()).isEqualTo(Map.of("a", 1));
    }
}
