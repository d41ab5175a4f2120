// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.python;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.engine.LoadedModel;
import dev.sluice.engine.ModelInstance.Condition;
import dev.sluice.engine.StreamingInstance;
import dev.sluice.inference.ErrorCode;
import dev.sluice.inference.ServingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class PythonInstanceTest {
    @TempDir
    Path folder;

    private Bench bench;

    @BeforeEach
    void open() {
        bench = new Bench(folder);
    }

    @AfterEach
    void close() {
        bench.close();
    }

    private StreamingInstance start(LoadedModel model) {
        return (StreamingInstance) model.newInstance();
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void answersOverUnixSocketsAndTcp(boolean unixSockets) {
        bench.unixSockets = unixSockets;
        StreamingInstance instance = start(bench.load());
        try {
            assertThat(Bench.ask(instance, "hello")).isEqualTo("hello");
            assertThat(Bench.ask(instance, "x".repeat(500_000))).hasSize(500_000);
            assertThat(instance.condition()).isEqualTo(Condition.FIT);
            assertThat(instance.processId()).isPresent();
        } finally {
            instance.close();
        }
        assertThat(ProcessHandle.of(instance.processId().getAsLong()).filter(ProcessHandle::isAlive))
                .isEmpty();
    }

    @Test
    void answersABatchByIdsAlsoIfTwoAreTheSame() {
        bench.batchSize = 3;
        StreamingInstance instance = start(bench.load());
        assertThat(Bench.run(instance, Requests.body("a", "1"), Requests.body("b", "2"), Requests.body("a", "3")))
                .containsExactly("1", "2", "3");
        instance.close();
    }

    /** Each is a clear error for that request, and another worker takes over. */
    @ParameterizedTest
    @ValueSource(strings = {"!random", "!long", "!short", "!huge", "!unknown", "!half", "!die", "!close"})
    void isLostWhenItSpeaksNonsense(String body) {
        bench.response = Duration.ofSeconds(2);
        LoadedModel model = bench.load();
        StreamingInstance instance = start(model);
        CompletableFuture<Void> loss = new CompletableFuture<>();
        instance.onLoss(() -> loss.complete(null));
        assertThat(Bench.ask(instance, "before")).isEqualTo("before");
        // Bytes that never come are what the core's timer is for.
        var timer = CompletableFuture.delayedExecutor(2, TimeUnit.SECONDS);
        timer.execute(instance::abort);
        assertThatThrownBy(() -> Bench.ask(instance, body))
                .isInstanceOfSatisfying(
                        ServingException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.INSTANCE_DIED))
                .hasMessage("Worker died.");
        assertThat(instance.condition()).isEqualTo(Condition.LOST);
        assertThat(loss).isCompleted();
        instance.close();
        assertThat(ProcessHandle.of(instance.processId().getAsLong()).filter(ProcessHandle::isAlive))
                .isEmpty();
        StreamingInstance next = start(model);
        assertThat(Bench.ask(next, "after")).isEqualTo("after");
        next.close();
    }

    /** Both answers of a worker that answers twice belong to one request, which has its answer; nobody else is hurt. */
    @Test
    void isLostWhenItAnswersTwiceAtOnce() {
        StreamingInstance instance = start(bench.load());
        assertThat(Bench.ask(instance, "!twice")).isEqualTo("!twice");
        assertThat(instance.condition()).isEqualTo(Condition.LOST);
        instance.close();
    }

    /** The request after it has its own answer; seen to fail when ids of the batch before were not remembered. */
    @Test
    void passesOverASecondAnswerThatComesLater() {
        StreamingInstance instance = start(bench.load());
        assertThat(Bench.ask(instance, "!twice-later")).isEqualTo("!twice-later");
        assertThat(Bench.ask(instance, "next")).isEqualTo("next");
        assertThat(instance.condition()).isEqualTo(Condition.LOST);
        instance.close();
    }

    @Test
    void endsACallThatIsAborted() {
        StreamingInstance instance = start(bench.load());
        CompletableFuture.delayedExecutor(200, TimeUnit.MILLISECONDS).execute(instance::abort);
        long start = System.nanoTime();
        assertThatThrownBy(() -> Bench.ask(instance, "!never")).hasMessage("Worker died.");
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(10));
        assertThat(instance.condition()).isEqualTo(Condition.LOST);
        instance.close();
    }

    @Test
    void tellsOfAWorkerThatDiesWhileIdle() throws Exception {
        StreamingInstance instance = start(bench.load());
        CompletableFuture<Void> loss = new CompletableFuture<>();
        instance.onLoss(() -> loss.complete(null));
        ProcessHandle.of(instance.processId().getAsLong()).orElseThrow().destroyForcibly();
        loss.get(10, TimeUnit.SECONDS);
        assertThat(instance.condition()).isEqualTo(Condition.LOST);
        instance.close();
    }

    @Test
    void handsOnWhatTheHandlerSays() {
        StreamingInstance instance = start(bench.load());
        assertThat(Bench.ask(instance, "!503")).isEqualTo("ENGINE_FAILED Prediction failed");
        assertThat(Bench.ask(instance, "!507")).isEqualTo("OUT_OF_MEMORY Out of resources");
        assertThat(Bench.ask(instance, "!513")).isEqualTo("HANDLER_REFUSED not today");
        assertThat(Bench.ask(instance, "still there")).isEqualTo("still there");
        assertThat(Bench.ask(instance, "!stream")).isEqualTo("a,b,c");
        assertThat(instance.condition()).isEqualTo(Condition.FIT);
        instance.close();
    }

    /** Seen to fail, by an answer, when what a reply said went out before it had come to its end. */
    @ParameterizedTest
    @ValueSource(strings = {"!short", "!short-part", "!half-batch"})
    void saysNothingOfAReplyThatIsNotWhole(String body) {
        bench.batchSize = 2;
        StreamingInstance instance = start(bench.load());
        Bench.Sink sink = new Bench.Sink(2);
        assertThatThrownBy(() -> instance.execute(
                        Bench.batch(Requests.body("a", body), Requests.body("b", "second")), sink))
                .hasMessage("Worker died.");
        assertThat(sink.ended).isEmpty();
        assertThat(sink.said(0)).isEmpty();
        assertThat(sink.said(1)).isEmpty();
        instance.close();
    }

    /** It may answer later, when somebody else waits; seen to fail when it was used again. */
    @ParameterizedTest
    @ValueSource(strings = {"!none", "!first-alone"})
    void isLostWhenItDoesNotAnswerARequest(String body) {
        bench.batchSize = 2;
        StreamingInstance instance = start(bench.load());
        Bench.Sink sink = new Bench.Sink(2);
        assertThatThrownBy(() -> instance.execute(
                        Bench.batch(Requests.body("a", body), Requests.body("b", "second")), sink))
                .hasMessage("Worker died.");
        assertThat(sink.ended).doesNotContain(1);
        assertThat(instance.condition()).isEqualTo(Condition.LOST);
        instance.close();
    }

    @Test
    void failsOneItemAlone() {
        bench.batchSize = 2;
        StreamingInstance instance = start(bench.load());
        assertThat(Bench.run(instance, Requests.body("a", "!item"), Requests.body("b", "2")))
                .containsExactly("HANDLER_REFUSED bad item", "2");
        instance.close();
    }

    /** Handlers look at the first request only to tell what a batch is for. */
    @Test
    void runsRequestsOfOneKindTogetherAndDescriptionsAlone() {
        bench.batchSize = 5;
        StreamingInstance instance = start(bench.load());
        Map<String, String> describe = Map.of("describe", "True");
        Map<String, String> explain = Map.of("explain", "True");
        assertThat(Bench.run(
                        instance,
                        Requests.content("d1", describe, "body", "", "x"),
                        Requests.content("e1", explain, "body", "", "!batch"),
                        Requests.content("p1", Map.of("explain", "False"), "body", "", "!batch"),
                        Requests.content("e2", explain, "body", "", "!batch"),
                        Requests.content("d2", describe, "body", "", "x")))
                .containsExactly("1 described", "True|True", "False", "True|True", "1 described");
        instance.close();
    }

    @Test
    void isWornAfterItsShare() {
        bench.maxRequests = OptionalInt.of(2);
        StreamingInstance instance = start(bench.load());
        assertThat(Bench.ask(instance, "1")).isEqualTo("1");
        assertThat(instance.condition()).isEqualTo(Condition.FIT);
        assertThat(Bench.ask(instance, "2")).isEqualTo("2");
        assertThat(instance.condition()).isEqualTo(Condition.WORN);
        instance.close();
    }

    @Test
    void isNotHurtByAFlood() {
        StreamingInstance instance = start(bench.load());
        assertThat(Bench.ask(instance, "!flood")).isEqualTo("!flood");
        instance.close();
        assertThat(bench.lines).contains("out W-9000-m_1.0 \ufffd\ufffd not text");
        assertThat(bench.lines).allMatch(line -> line.length() < 9000);
        assertThat(bench.lines.stream()
                        .filter(line -> line.endsWith("x"))
                        .mapToInt(line -> line.length() - line.indexOf('x'))
                        .sum())
                .isEqualTo(20_000_000);
    }

    /** And what it started goes as well. */
    @Test
    void endsAWorkerThatDoesNotWantTo() {
        bench.workers.put("START", "stubborn");
        bench.workers.put("IGNORES_STDIN", "1");
        StreamingInstance instance = start(bench.load());
        instance.close();
        assertThat(ProcessHandle.of(instance.processId().getAsLong()).filter(ProcessHandle::isAlive))
                .isEmpty();
        awaitEndOfChild();
    }

    /** Nobody knows any more whose child it was; seen to fail without a look at its session. */
    @Test
    void endsWhatADeadWorkerLeft() {
        bench.workers.put("START", "parent");
        StreamingInstance instance = start(bench.load());
        assertThatThrownBy(() -> Bench.ask(instance, "!die")).hasMessage("Worker died.");
        instance.close();
        awaitEndOfChild();
    }

    private void awaitEndOfChild() {
        long child = bench.lines.stream()
                .filter(line -> line.contains(" child "))
                .mapToLong(line -> Long.parseLong(line.substring(line.lastIndexOf(' ') + 1)))
                .findFirst()
                .orElseThrow();
        ProcessHandle.of(child)
                .ifPresent(left -> left.onExit().orTimeout(10, TimeUnit.SECONDS).join());
    }

    @Test
    void leavesNoSocketBehind() throws Exception {
        StreamingInstance instance = start(bench.load());
        instance.close();
        try (var left = Files.list(bench.sockets())) {
            assertThat(left.toList()).isEqualTo(List.of());
        }
    }
}
