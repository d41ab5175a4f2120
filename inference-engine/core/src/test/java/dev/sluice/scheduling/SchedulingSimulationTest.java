// SPDX-License-Identifier: Apache-2.0
package dev.sluice.scheduling;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.LongStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/**
 * The scheduler's invariants (batching-and-scheduling.md section 21) over many seeds: {@code -Dsluice.simulation.seeds} says how
 * many, {@code -Dsluice.simulation.seed} runs one again.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class SchedulingSimulationTest {
    /** By invariant, for the smallest seed that broke it. */
    private final Map<String, Map.Entry<Long, String>> broken = new ConcurrentHashMap<>();

    @BeforeAll
    void runAllSeeds() {
        Long one = Long.getLong("sluice.simulation.seed");
        LongStream seeds = one != null
                ? LongStream.of(one)
                : LongStream.range(0, Long.getLong("sluice.simulation.seeds", 100_000));
        seeds.parallel().forEach(this::runSeed);
        new TreeMap<>(broken)
                .forEach((invariant, found) -> System.out.println(
                        invariant + " broken by -Dsluice.simulation.seed=" + found.getKey() + ": " + found.getValue()));
    }

    private void runSeed(long seed) {
        Map<String, String> violations;
        try {
            violations = new Simulation(seed).run();
        } catch (RuntimeException | Error e) {
            violations = Map.of("I1", "thrown: " + e + " at " + e.getStackTrace()[0]);
        }
        violations.forEach((invariant, what) -> broken.merge(
                invariant, Map.entry(seed, what), (one, other) -> one.getKey() < other.getKey() ? one : other));
    }

    private void assertHolds(String invariant) {
        assertThat(broken.get(invariant)).as("seed and what it saw").isNull();
    }

    @Test
    void i1LosesNoResponse() {
        assertHolds("I1");
    }

    @Test
    void i2GivesNobodyTheAnswerOfAnotherNorTwo() {
        assertHolds("I2");
    }

    /** Of the rows of requests that are split; where rows are gathered has its own. Planted: outputs in the order in which parts ended. */
    @Test
    void i3GivesEachRowItsPlace() {
        assertHolds("I3");
    }

    @Test
    void i4KeepsTheBoundsOfRequestsRowsAndBytes() {
        assertHolds("I4");
    }

    /** Planted: the rows as they are for the size; requests of any rows alone where the only size is 1. */
    @Test
    void i5HandsNoBatchAboveTheLimitOfRowsOrOfAnotherThanAnAllowedSizeToTheEngine() {
        assertHolds("I5");
    }

    @Test
    void i6ExpiresWithinFiveMillisecondsAndRunsNothingAfterItsDeadline() {
        assertHolds("I6");
    }

    @Test
    void i7LetsNobodyPayForAnother() {
        assertHolds("I7");
    }

    /** Planted: all tensors alike. */
    @Test
    void i8MixesNoShapes() {
        assertHolds("I8");
    }

    @Test
    void i9EndsEverythingWhenClosedAndRunsNothingAfterwards() {
        assertHolds("I9");
    }

    @Test
    void i11PutsNobodyBehindALowerLevelOrALaterComer() {
        assertHolds("I11");
    }

    @Test
    void i12GivesBackEveryBufferAndCount() {
        assertHolds("I12");
    }

    @Test
    void i14StartsWithinTheWindowWhileAnInstanceIsFree() {
        assertHolds("I14");
    }

    /** Planted: a batch that costs as many instances as it has requests. */
    @Test
    void i17TakesARequestOnlyIfAnInstanceIsFreeWhereThatIsAskedFor() {
        assertHolds("I17");
    }
}
