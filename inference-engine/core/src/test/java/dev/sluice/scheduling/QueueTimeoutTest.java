// SPDX-License-Identifier: Apache-2.0
package dev.sluice.scheduling;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.fixture.FakeTicker;
import dev.sluice.fixture.Numbers;
import dev.sluice.fixture.RecordingSink;
import dev.sluice.fixture.ScriptedModel;
import dev.sluice.fixture.Specs;
import dev.sluice.inference.Cancellation;
import dev.sluice.inference.RequestContext;
import dev.sluice.model.LimitSpec;
import dev.sluice.model.ModelId;
import dev.sluice.model.ModelRef;
import dev.sluice.model.ModelSpec;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class QueueTimeoutTest {
    private static final ModelId ID = new ModelId("m", "1.0");

    private final FakeTicker ticker = new FakeTicker();
    private final Numbers numbers = new Numbers(ModelRef.of("m"));

    /** Planted: the model's deadline whatever the request says; the request's whatever the model says. */
    @Test
    void theEarlierOfTheRequestsDeadlineAndTheModelsCounts() throws Exception {
        LimitSpec limits = new LimitSpec(
                10,
                Duration.ofSeconds(10),
                Duration.ofSeconds(10),
                LimitSpec.ANY_BYTES,
                OptionalLong.empty(),
                Optional.of(Duration.ofSeconds(5)));
        ModelSpec spec = Specs.spec(ID, 1, limits);
        List<Long> deadlines = new CopyOnWriteArrayList<>();
        ScriptedModel model = new ScriptedModel(batch -> {
            batch.requests().forEach(request -> deadlines.add(request.context().deadlineNanos()));
            return ScriptedModel.answers(numbers, batch);
        });
        BatchingScheduler scheduler = new BatchingScheduler(
                ID,
                model,
                BatchPolicy.of(spec.batching()),
                SchedulerSettings.of(spec),
                (id, size, waited, ran) -> {},
                new SchedulingThreads(ticker),
                () -> Instant.EPOCH);
        scheduler.resize(1).toCompletableFuture().get(10, TimeUnit.SECONDS);

        for (long deadline : new long[] {RequestContext.NO_DEADLINE, 3_000_000_000L, 9_000_000_000L}) {
            RecordingSink sink = new RecordingSink();
            scheduler.submit(numbers.request(1, new Cancellation(), deadline), sink);
            sink.awaitEnd();
        }

        assertThat(deadlines).containsExactly(5_000_000_000L, 3_000_000_000L, 5_000_000_000L);
        scheduler.resize(0).toCompletableFuture().get(10, TimeUnit.SECONDS);
        model.close();
    }
}
