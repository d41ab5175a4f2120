// SPDX-License-Identifier: Apache-2.0
package dev.sluice.scheduling;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.fixture.FakeTicker;
import dev.sluice.fixture.Numbers;
import dev.sluice.fixture.RecordingSink;
import dev.sluice.inference.Cancellation;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.RequestContext;
import dev.sluice.inference.ServingException;
import dev.sluice.model.AllowedSizes;
import dev.sluice.model.BatchSpec;
import dev.sluice.model.LimitSpec;
import dev.sluice.model.ModelRef;
import dev.sluice.model.PrioritySpec;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** A model's own limit on the time requests wait. */
class QueueTimeoutTest {
    private static final Duration LIMIT = Duration.ofSeconds(5);

    private final FakeTicker ticker = new FakeTicker();
    private final Numbers numbers = new Numbers(ModelRef.of("m"));
    private final TimerWheel timers = new TimerWheel(0, () -> {});
    private final RequestQueue queue = new RequestQueue(
            new RequestQueue.Settings(
                    "m",
                    QueueBounds.ofRequests(10, 1, LimitSpec.ANY_BYTES),
                    PrioritySpec.NONE,
                    AllowedSizes.ANY,
                    false,
                    LIMIT.toNanos(),
                    false),
            new SizeOrDelayPolicy(new BatchSpec(1, Duration.ZERO)),
            new ServiceTimes(),
            timers,
            ticker,
            () -> {});

    private final Taker taker = new Taker() {
        @Override
        void wake() {}
    };

    private RecordingSink submit(int number, long deadlineNanos) {
        RecordingSink sink = new RecordingSink();
        queue.submit(numbers.request(number, new Cancellation(), deadlineNanos), sink);
        return sink;
    }

    private void advanceTo(Duration now) {
        ticker.advance(now.minusNanos(ticker.nanos()));
        long unused = timers.runDue(ticker.nanos());
    }

    /** Planted: the model's limit whatever the request says; the request's whatever the model says. */
    @Test
    void aRequestWaitsUntilItsDeadlineOrTheModelsLimitWhicheverIsEarlier() throws Exception {
        RecordingSink patient = submit(1, RequestContext.NO_DEADLINE);
        RecordingSink hasty = submit(2, Duration.ofSeconds(3).toNanos());
        RecordingSink morePatient = submit(3, Duration.ofSeconds(9).toNanos());

        advanceTo(Duration.ofMillis(2999));
        assertThat(hasty.isDone()).isFalse();
        advanceTo(Duration.ofMillis(3002));
        assertThat(hasty.code()).isEqualTo(ErrorCode.DEADLINE_EXCEEDED);
        advanceTo(Duration.ofMillis(4999));
        assertThat(patient.isDone() || morePatient.isDone()).isFalse();
        advanceTo(Duration.ofMillis(5002));
        assertThat(patient.code()).isEqualTo(ErrorCode.DEADLINE_EXCEEDED);
        assertThat(morePatient.code()).isEqualTo(ErrorCode.DEADLINE_EXCEEDED);
        assertThat(numbers.buffersOut()).isZero();
    }

    /** Planted: the limit made the request's deadline; generated text was cut off, and steps of composite models refused. */
    @Test
    void theLimitIsOnWaitingAlone() throws Exception {
        RecordingSink runs = submit(1, RequestContext.NO_DEADLINE);
        Formation.Formed batch = (Formation.Formed) queue.form(taker);
        PendingRequest member = batch.members().get(0);
        assertThat(member.request().context().deadlineNanos()).isEqualTo(RequestContext.NO_DEADLINE);

        advanceTo(Duration.ofSeconds(6));
        assertThat(runs.isDone()).isFalse();
        member.fail(new ServingException(ErrorCode.ENGINE_FAILED, "end of test"));
        assertThat(runs.code()).isEqualTo(ErrorCode.ENGINE_FAILED);
    }
}
