// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.python;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.engine.BatchSink;
import dev.sluice.engine.ModelInstance.Condition;
import dev.sluice.engine.Outcome;
import dev.sluice.engine.StreamingInstance;
import dev.sluice.inference.InferenceResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class AsyncInstanceTest {
    @TempDir
    Path folder;

    private final BlockingQueue<String> events = new LinkedBlockingQueue<>();
    private Bench bench;

    @BeforeEach
    void open() {
        bench = new Bench(folder);
        bench.options.put("asyncCommunication", true);
        bench.workers.put("START", "async");
    }

    @AfterEach
    void close() {
        bench.close();
    }

    private StreamingInstance start() {
        return (StreamingInstance) bench.load().newInstance();
    }

    private void ask(StreamingInstance instance, String id, String millis) {
        instance.execute(Bench.batch(Requests.body(id, millis)), new BatchSink() {
            @Override
            public void part(int index, InferenceResponse part) {
                part.release();
            }

            @Override
            public void end(int index, Outcome outcome) {
                events.add(id + " " + Bench.text(outcome));
            }

            @Override
            public boolean isWanted(int index) {
                return true;
            }
        });
    }

    private String event() throws InterruptedException {
        return events.poll(20, TimeUnit.SECONDS);
    }

    @Test
    void answersInTheOrderInWhichAnswersCome() throws Exception {
        StreamingInstance instance = start();
        assertThat(instance.answersLater()).isTrue();
        ask(instance, "slow", "1000");
        ask(instance, "fast", "1");
        assertThat(event()).isEqualTo("fast 1");
        assertThat(event()).isEqualTo("slow 1000");
        instance.close();
        assertThat(instance.condition()).isEqualTo(Condition.LOST);
    }

    @Test
    void tellsRequestsWithTheSameIdApart() throws Exception {
        StreamingInstance instance = start();
        ask(instance, "same", "600");
        ask(instance, "same", "1");
        assertThat(event()).isEqualTo("same 1");
        assertThat(event()).isEqualTo("same 600");
        instance.close();
    }

    /** The others go on; seen to fail when the worker was given up. */
    @Test
    void givesUpOneThatTakesTooLong() throws Exception {
        bench.response = Duration.ofSeconds(1);
        StreamingInstance instance = start();
        ask(instance, "never", "-1");
        assertThat(event()).isEqualTo("never ENGINE_FAILED Prediction took longer than 1000 ms (responseTimeout)");
        ask(instance, "next", "1");
        assertThat(event()).isEqualTo("next 1");
        assertThat(instance.condition()).isEqualTo(Condition.FIT);
        instance.close();
    }

    /** Seen to fail, by being given up, when the time was counted from the request on. */
    @Test
    void givesEachPartOfAnAnswerItsTime() throws Exception {
        bench.response = Duration.ofSeconds(2);
        StreamingInstance instance = start();
        ask(instance, "slow", "3000");
        assertThat(event()).isEqualTo("slow 3000");
        instance.close();
    }

    /** Its bytes are still read; seen to fail, by an end, when it was given up like any other. */
    @Test
    void aRequestHasNoEndBeforeItHasBeenSent() throws Exception {
        bench.workers.put("START", "stubborn");
        bench.response = Duration.ofMillis(200);
        StreamingInstance instance = start();
        CompletableFuture<Void> call = CompletableFuture.runAsync(() -> ask(instance, "large", "x".repeat(20_000_000)));
        assertThat(events.poll(1, TimeUnit.SECONDS)).isNull();
        instance.abort();
        assertThat(call).failsWithin(Duration.ofSeconds(10)).withThrowableThat().withMessageContaining("Worker died.");
        assertThat(events).isEmpty();
        instance.close();
    }

    @Test
    void failsAllThatAreOpenWhenItsWorkerDies() throws Exception {
        StreamingInstance instance = start();
        CompletableFuture<Void> loss = new CompletableFuture<>();
        instance.onLoss(() -> loss.complete(null));
        ask(instance, "open", "20000");
        ask(instance, "deadly", "!die");
        assertThat(new String[] {event(), event()})
                .containsExactlyInAnyOrder("open INSTANCE_DIED Worker died.", "deadly INSTANCE_DIED Worker died.");
        loss.get(10, TimeUnit.SECONDS);
        assertThat(instance.condition()).isEqualTo(Condition.LOST);
        instance.close();
    }

    /** Closing is no reason to leave somebody without an answer. */
    @Test
    void letsOpenRequestsEndBeforeItCloses() throws Exception {
        StreamingInstance instance = start();
        ask(instance, "open", "500");
        instance.close();
        assertThat(event()).isEqualTo("open 500");
    }
}
