// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.engine.LoadedModel;
import dev.sluice.engine.ModelLoader;
import dev.sluice.engine.testing.BatchScript;
import dev.sluice.engine.testing.FakeModel;
import dev.sluice.inference.Cancellation;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.RequestContext;
import dev.sluice.inference.Ticker;
import dev.sluice.lifecycle.LifecycleObserver.Moment;
import dev.sluice.lifecycle.ModelLifecycle;
import dev.sluice.lifecycle.ModelRegistry;
import dev.sluice.model.BatchSpec;
import dev.sluice.model.InstanceSpec;
import dev.sluice.model.LimitSpec;
import dev.sluice.model.ModelFiles;
import dev.sluice.model.ModelId;
import dev.sluice.model.ModelRef;
import dev.sluice.model.ModelSpec;
import dev.sluice.scheduling.CloseReason;
import dev.sluice.tensor.CopyReason;
import dev.sluice.tensor.MemoryBudget;
import dev.sluice.tensor.MemoryLedger;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ServerMetricsTest {
    private static final ModelId DIGITS = new ModelId("digits", "1.0");

    private final ModelRegistry registry = new ModelRegistry();
    private final ServerMetrics metrics = new ServerMetrics(registry, "1.2.3");
    private final ModelLifecycle lifecycle = new ModelLifecycle(
            registry,
            new FakeLoader(),
            metrics,
            Ticker.system(),
            InstantSource.system(),
            Runnable::run,
            Duration.ofSeconds(5));

    @AfterEach
    void close() {
        metrics.close();
    }

    @Test
    void countsRequestsByHowTheyEnded() throws Exception {
        register(1);

        finished(ModelRef.of("digits"), Optional.empty());
        finished(ModelRef.of("digits", "1.0"), Optional.empty());
        finished(ModelRef.of("digits"), Optional.of(ErrorCode.OVERLOADED));

        assertThat(metrics.scrape())
                .contains(
                        "sluice_requests_total{code=\"OK\",model=\"digits\",operation=\"infer\",protocol=\"torchserve\",version=\"1.0\"} 2.0")
                .contains(
                        "sluice_requests_total{code=\"RESOURCE_EXHAUSTED\",model=\"digits\",operation=\"infer\",protocol=\"torchserve\",version=\"1.0\"} 1.0")
                .contains(
                        "sluice_request_duration_seconds_count{model=\"digits\",operation=\"infer\",protocol=\"torchserve\",version=\"1.0\"} 3")
                .contains(
                        "sluice_request_duration_seconds_bucket{model=\"digits\",operation=\"infer\",protocol=\"torchserve\",version=\"1.0\",le=\"0.0025\"} 3");
    }

    @Test
    void makesNoSeriesOfNamesThatClientsMadeUp() throws Exception {
        register(1);

        for (int i = 0; i < 50; i++) {
            finished(ModelRef.of("made-up-" + i), Optional.of(ErrorCode.MODEL_NOT_FOUND));
            finished(ModelRef.of("digits", "made-up-" + i), Optional.of(ErrorCode.VERSION_NOT_FOUND));
        }

        assertThat(metrics.scrape())
                .doesNotContain("made-up")
                .contains(
                        "sluice_requests_total{code=\"NOT_FOUND\",model=\"_unknown\",operation=\"infer\",protocol=\"torchserve\",version=\"_unknown\"} 100.0");
    }

    @Test
    void measuresBatches() throws Exception {
        register(1);

        metrics.batchExecuted(DIGITS, 5, 2_000_000, 30_000_000);

        assertThat(metrics.scrape())
                .contains("sluice_request_queue_seconds_sum{model=\"digits\",version=\"1.0\"} 0.002")
                .contains("sluice_inference_seconds_sum{model=\"digits\",version=\"1.0\"} 0.03")
                .contains("sluice_batch_size_bucket{model=\"digits\",version=\"1.0\",le=\"4.0\"} 0")
                .contains("sluice_batch_size_bucket{model=\"digits\",version=\"1.0\",le=\"8.0\"} 1");
    }

    /** Planted: a wait of zero recorded for steps that nobody joined; the count of waits was 2. */
    @Test
    void measuresStepsAsBatchesAndWaitsOfThoseThatJoin() throws Exception {
        register(1);

        metrics.stepExecuted(DIGITS, 3, 1, 2_000_000, 10_000_000);
        metrics.stepExecuted(DIGITS, 3, 0, 0, 20_000_000);

        assertThat(metrics.scrape())
                .contains("sluice_request_queue_seconds_count{model=\"digits\",version=\"1.0\"} 1")
                .contains("sluice_inference_seconds_sum{model=\"digits\",version=\"1.0\"} 0.03")
                .contains("sluice_batch_size_count{model=\"digits\",version=\"1.0\"} 2");
    }

    /** Planted: one for each batch. */
    @Test
    void countsRowsOfPadding() throws Exception {
        register(1);
        assertThat(metrics.scrape()).contains("sluice_batch_padding_rows_total{model=\"digits\",version=\"1.0\"} 0.0");

        metrics.batchPadded(DIGITS, 3);
        metrics.batchPadded(DIGITS, 2);

        assertThat(metrics.scrape()).contains("sluice_batch_padding_rows_total{model=\"digits\",version=\"1.0\"} 5.0");
    }

    @Test
    void showsAVersionAtZeroBeforeItsFirstRequest() throws Exception {
        register(2);

        assertThat(metrics.scrape())
                .contains("sluice_queued_requests{model=\"digits\",version=\"1.0\"} 0.0")
                .contains("sluice_queue_capacity{model=\"digits\",version=\"1.0\"} 7.0")
                .contains("sluice_instances{model=\"digits\",state=\"ready\",version=\"1.0\"} 2.0")
                .contains("sluice_instances{model=\"digits\",state=\"starting\",version=\"1.0\"} 0.0")
                .contains("sluice_inference_seconds_count{model=\"digits\",version=\"1.0\"} 0");
    }

    @Test
    void forgetsAVersionThatIsGoneAndStartsAgainAtZero() throws Exception {
        register(1);
        finished(ModelRef.of("digits"), Optional.empty());
        metrics.batchExecuted(DIGITS, 5, 1, 1);
        assertThat(metrics.scrape()).contains("model=\"digits\"");

        await(lifecycle.remove(DIGITS));
        assertThat(metrics.scrape()).doesNotContain("model=\"digits\"");

        register(1);
        assertThat(metrics.scrape()).contains("sluice_batch_size_count{model=\"digits\",version=\"1.0\"} 0");
    }

    /** Seen to fail when a late batch makes the series it is recorded into: the next version of that name began with it. */
    @Test
    void dropsBatchesOfAVersionThatIsGone() throws Exception {
        register(1);
        assertThat(metrics.scrape()).contains("model=\"digits\"");
        await(lifecycle.remove(DIGITS));
        assertThat(metrics.scrape()).doesNotContain("model=\"digits\"");

        metrics.batchFormed(DIGITS, 5, CloseReason.FULL);
        metrics.batchExecuted(DIGITS, 5, 1, 1);
        metrics.stepExecuted(DIGITS, 5, 1, 1, 1);
        metrics.batchPadded(DIGITS, 1);
        metrics.instanceReplaced(DIGITS);
        register(1);

        assertThat(metrics.scrape())
                .contains("sluice_batch_size_count{model=\"digits\",version=\"1.0\"} 0")
                .contains("sluice_batch_padding_rows_total{model=\"digits\",version=\"1.0\"} 0.0")
                .contains("sluice_instances_replaced_total{model=\"digits\",version=\"1.0\"} 0.0");
    }

    /** Seen to fail when only a reading makes series. */
    @Test
    void recordsWhatHappensBeforeTheFirstReading() throws Exception {
        register(1);

        metrics.batchExecuted(DIGITS, 5, 1, 1);

        assertThat(metrics.scrape()).contains("sluice_batch_size_count{model=\"digits\",version=\"1.0\"} 1");
    }

    /** Seen to fail when only versions are forgotten that a reading has shown. */
    @Test
    void forgetsAVersionThatCameAndWentBetweenTwoReadings() throws Exception {
        register(1);
        metrics.batchExecuted(DIGITS, 5, 1, 1);
        finished(ModelRef.of("digits"), Optional.empty());
        await(lifecycle.remove(DIGITS));

        assertThat(metrics.scrape()).doesNotContain("model=\"digits\"");
    }

    /** Seen to fail when nobody listens to the scheduler. */
    @Test
    void countsWhyBatchesWereClosedAndInstancesThatWereReplaced() throws Exception {
        register(1);

        metrics.batchFormed(DIGITS, 8, CloseReason.FULL);
        metrics.batchFormed(DIGITS, 8, CloseReason.FULL);
        metrics.batchFormed(DIGITS, 1, CloseReason.WINDOW);
        metrics.instanceReplaced(DIGITS);

        assertThat(metrics.scrape())
                .contains("sluice_batch_close_reason_total{model=\"digits\",reason=\"full\",version=\"1.0\"} 2.0")
                .contains("sluice_batch_close_reason_total{model=\"digits\",reason=\"window\",version=\"1.0\"} 1.0")
                .contains("sluice_batch_close_reason_total{model=\"digits\",reason=\"busy\",version=\"1.0\"} 0.0")
                .contains("sluice_instances_replaced_total{model=\"digits\",version=\"1.0\"} 1.0");
    }

    @Test
    void followsAVersionThatWasReplacedBetweenTwoReadings() throws Exception {
        register(1);
        assertThat(metrics.scrape()).contains("sluice_instances{model=\"digits\",state=\"ready\",version=\"1.0\"} 1.0");

        await(lifecycle.remove(DIGITS));
        register(3);

        assertThat(metrics.scrape()).contains("sluice_instances{model=\"digits\",state=\"ready\",version=\"1.0\"} 3.0");
    }

    @Test
    void tellsWhatRuns() {
        assertThat(metrics.scrape())
                .contains("version=\"1.2.3\"")
                .contains("sluice_build_info{")
                .contains("jvm_memory_used_bytes{")
                .contains("process_uptime_seconds");
    }

    @Test
    void showsWhatMemoryIsUsedForAndHowOftenItWasCopied() {
        MemoryBudget budget = new MemoryBudget(1000);
        MemoryLedger ledger = new MemoryLedger();
        metrics.watch(budget, ledger, () -> 4096);
        assertThat(budget.tryReserve(300)).isTrue();
        ledger.copied(CopyReason.MULTI);
        ledger.copied(CopyReason.MULTI);
        metrics.answeredTwice(DIGITS);

        assertThat(metrics.scrape())
                .contains("sluice_bytes_reserved 300.0")
                .contains("sluice_bytes_budget 1000.0")
                .contains("sluice_direct_memory_used 4096.0")
                .contains("sluice_copies_total{reason=\"multi\"} 2.0")
                .contains("sluice_copies_total{reason=\"unaligned\"} 0.0")
                .contains("sluice_copies_total{reason=\"endian\"} 0.0")
                .contains("sluice_copies_total{reason=\"heap\"} 0.0")
                .contains("sluice_buffer_leak_total 0.0")
                .contains("sluice_double_completion_total 1.0");
    }

    private void finished(ModelRef ref, Optional<ErrorCode> failure) {
        RequestContext context =
                new RequestContext("id", "torchserve", 0, RequestContext.NO_DEADLINE, Map.of(), new Cancellation());
        metrics.requestFinished(ref, context, failure, 2_000_000);
    }

    /** Seen to fail when the series went with the version: the last one is only known when it is gone. */
    @Test
    void showsTheMemoryAroundLoadsAndUnloadsAlsoOfVersionsThatAreGone() throws Exception {
        register(1);
        metrics.memoryMeasured(DIGITS, Moment.BEFORE_LOAD, 1000);
        metrics.memoryMeasured(DIGITS, Moment.AFTER_LOAD, 3000);
        String whileThere = metrics.scrape();
        await(lifecycle.remove(DIGITS));
        metrics.memoryMeasured(DIGITS, Moment.AFTER_UNLOAD, 1500);

        assertThat(whileThere).doesNotContain("after_unload");

        assertThat(metrics.scrape())
                .contains("sluice_model_memory_bytes{kind=\"before_load\",model=\"digits\",version=\"1.0\"} 1000.0")
                .contains("sluice_model_memory_bytes{kind=\"after_load\",model=\"digits\",version=\"1.0\"} 3000.0")
                .contains("sluice_model_memory_bytes{kind=\"after_unload\",model=\"digits\",version=\"1.0\"} 1500.0");
    }

    /** Seen to fail without the bound. */
    @Test
    void keepsTheMemoryOfTheVersionsMeasuredLastAndNoMore() {
        for (int i = 0; i <= ModelMemoryMeters.MOST_VERSIONS; i++) {
            metrics.memoryMeasured(new ModelId("m", Integer.toString(i)), Moment.AFTER_LOAD, i);
        }

        assertThat(metrics.scrape().lines().filter(line -> line.startsWith("sluice_model_memory_bytes{")))
                .hasSize(ModelMemoryMeters.MOST_VERSIONS)
                .noneMatch(line -> line.contains("version=\"0\""));
    }

    private void register(int instances) throws Exception {
        ModelSpec spec = new ModelSpec(
                DIGITS,
                "digits.mar",
                new ModelFiles(Path.of("."), Optional.empty()),
                Optional.empty(),
                "base_handler",
                new BatchSpec(1, Duration.ZERO),
                new InstanceSpec(instances, instances),
                new LimitSpec(7, Duration.ofSeconds(5), Duration.ofSeconds(5)),
                Map.of());
        await(lifecycle.add(spec));
        await(lifecycle.scale(DIGITS, spec.instances()));
    }

    private static void await(CompletionStage<?> stage) throws Exception {
        Object unused = stage.toCompletableFuture().get(10, TimeUnit.SECONDS);
    }

    private static final class FakeLoader implements ModelLoader {
        @Override
        public void check(ModelSpec spec) {}

        @Override
        public LoadedModel load(ModelSpec spec) {
            return new FakeModel(BatchScript.echo());
        }
    }
}
