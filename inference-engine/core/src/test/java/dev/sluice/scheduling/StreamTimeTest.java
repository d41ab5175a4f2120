// SPDX-License-Identifier: Apache-2.0
package dev.sluice.scheduling;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.engine.Batch;
import dev.sluice.engine.BatchSink;
import dev.sluice.engine.Outcome;
import dev.sluice.engine.StreamingInstance;
import dev.sluice.fixture.FakeTicker;
import dev.sluice.fixture.Numbers;
import dev.sluice.fixture.RecordingSink;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.InferenceResponse;
import dev.sluice.model.BatchSpec;
import dev.sluice.model.ModelId;
import dev.sluice.model.ModelRef;
import dev.sluice.model.PrioritySpec;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** How long a stream may take: as long as it likes, but not between two parts. */
class StreamTimeTest {
    private static final ModelId ID = new ModelId("m", "1.0");
    private static final Duration LIMIT = Duration.ofMillis(100);

    private final FakeTicker ticker = new FakeTicker();
    private final TimerWheel wheel = new TimerWheel(0, () -> {});
    private final Numbers numbers = new Numbers(ModelRef.of("m"));
    private final AtomicInteger hangs = new AtomicInteger();

    /** Sends a part after each of the pauses, then the end. */
    private RecordingSink run(List<Duration> pauses) {
        ServiceTimes times = new ServiceTimes();
        BatchPolicy policy = BatchPolicy.of(new BatchSpec(1, Duration.ZERO));
        RequestQueue queue = new RequestQueue(
                new RequestQueue.Settings("m", QueueBounds.ofRequests(10, 1, Long.MAX_VALUE), PrioritySpec.NONE),
                policy,
                times,
                wheel,
                ticker,
                () -> {});
        BatchRunner runner =
                new BatchRunner(ID, policy, times, (id, size, waited, ran) -> {}, ticker, wheel, LIMIT.toNanos());
        Taker taker = new Taker() {
            @Override
            void wake() {}
        };
        queue.join(taker);
        RecordingSink sink = new RecordingSink();
        queue.submit(numbers.request(1), sink);
        boolean unused = runner.run(new Stream(pauses), (Formation.Formed) queue.form(taker), hangs::incrementAndGet);
        return sink;
    }

    private final class Stream implements StreamingInstance {
        private final List<Duration> pauses;

        private Stream(List<Duration> pauses) {
            this.pauses = pauses;
        }

        @Override
        public void execute(Batch batch, BatchSink answers) {
            for (Duration pause : pauses) {
                ticker.advance(pause);
                long unused = wheel.runDue(ticker.nanos());
                answers.part(
                        0,
                        ((Outcome.Success) numbers.answer(ID, batch.requests().get(0))).response());
            }
            InferenceResponse last =
                    ((Outcome.Success) numbers.answer(ID, batch.requests().get(0))).response();
            answers.end(0, new Outcome.Success(last));
        }

        @Override
        public void warmUp() {}

        @Override
        public void close() {}
    }

    /** Seen to fail when the time counted from the beginning of the call. */
    @Test
    void aStreamMayTakeLongerThanACallAsLongAsPartsCome() throws Exception {
        RecordingSink sink = run(List.of(Duration.ofMillis(80), Duration.ofMillis(80), Duration.ofMillis(80)));

        assertThat(sink.number()).isEqualTo(Numbers.expected(1));
        assertThat(hangs).hasValue(0);
        assertThat(numbers.buffersOut()).isZero();
        assertThat(wheel.hasTimers()).isFalse();
    }

    @Test
    void aStreamThatPausesForTooLongHasFailed() throws Exception {
        RecordingSink sink = run(List.of(Duration.ofMillis(80), Duration.ofMillis(120)));

        assertThat(sink.code()).isEqualTo(ErrorCode.ENGINE_FAILED);
        assertThat(hangs).hasValue(1);
        assertThat(sink.ends()).isEqualTo(1);
    }
}
